#include "runtime/data/tokenizer/normalizer.h"

#include <vector>

#include "runtime/data/tokenizer/byte_alphabet.h"
#include "runtime/data/tokenizer/regex.h"
#include "runtime/data/tokenizer/split_pattern.h"
#include "runtime/data/tokenizer/text_replacement.h"
#include "runtime/data/tokenizer/unicode_class.h"
#include "runtime/data/tokenizer/unicode_form.h"

namespace titan::tokenizer {
namespace {

class SequenceNormalizer final : public Normalizer {
 public:
  explicit SequenceNormalizer(std::vector<std::unique_ptr<Normalizer>> parts) : parts_(std::move(parts)) {}
  void apply(std::string& text) const override {
    for (const auto& part : parts_) part->apply(text);
  }

 private:
  std::vector<std::unique_ptr<Normalizer>> parts_;
};

class PrependNormalizer final : public Normalizer {
 public:
  explicit PrependNormalizer(std::string prefix) : prefix_(std::move(prefix)) {}
  void apply(std::string& text) const override {
    if (!text.empty()) text.insert(0, prefix_);
  }

 private:
  std::string prefix_;
};

class ReplaceNormalizer final : public Normalizer {
 public:
  explicit ReplaceNormalizer(TextReplacement replacement) : replacement_(std::move(replacement)) {}
  void apply(std::string& text) const override { replacement_.apply(text); }

 private:
  TextReplacement replacement_;
};

class StripNormalizer final : public Normalizer {
 public:
  StripNormalizer(bool left, bool right, const std::string& where)
      : left_(left), right_(right), spaces_(pattern(), where) {}
  void apply(std::string& text) const override {
    size_t begin = 0;
    size_t end = text.size();
    spaces_.for_each_match(text, [&](Span span) {
      if (right_ && span.end == text.size()) end = span.begin;
      if (left_ && span.begin == 0) begin = span.end;
      return true;
    });
    text = begin < end ? text.substr(begin, end - begin) : "";
  }

 private:
  static std::string pattern() { return std::string("[") + kWhiteSpace + "]+"; }
  bool left_;
  bool right_;
  Regex spaces_;
};

class ByteLevelNormalizer final : public Normalizer {
 public:
  void apply(std::string& text) const override { text = bytes_to_alphabet(text); }
};

class FormNormalizer final : public Normalizer {
 public:
  explicit FormNormalizer(UnicodeForm form) : form_(form) {}
  void apply(std::string& text) const override { normalize(form_, text); }

 private:
  UnicodeForm form_;
};

class LowercaseNormalizer final : public Normalizer {
 public:
  void apply(std::string& text) const override { lowercase(text); }
};

std::unique_ptr<Normalizer> read_normalizer_part(JsonObject section, int depth) {
  if (depth > kMaxSequenceDepth) section.fail("sequences are nested deeper than " + std::to_string(kMaxSequenceDepth));
  const std::string type = section.get_string("type");
  const std::optional<UnicodeForm> form = unicode_form(type);
  std::unique_ptr<Normalizer> normalizer;
  if (type == "Sequence") {
    const Json& list = section.get_array("normalizers");
    std::vector<std::unique_ptr<Normalizer>> parts;
    for (size_t i = 0; i < list.size(); ++i) {
      parts.push_back(read_normalizer_part(section.element(list[i], "normalizers", i), depth + 1));
    }
    normalizer = std::make_unique<SequenceNormalizer>(std::move(parts));
  } else if (type == "Prepend") {
    normalizer = std::make_unique<PrependNormalizer>(section.get_string("prepend"));
  } else if (type == "Replace") {
    normalizer = std::make_unique<ReplaceNormalizer>(read_text_replacement(section));
  } else if (type == "Strip") {
    const bool left = section.find_bool("strip_left", true);
    const bool right = section.find_bool("strip_right", true);
    normalizer = std::make_unique<StripNormalizer>(left, right, section.where());
  } else if (type == "ByteLevel") {
    normalizer = std::make_unique<ByteLevelNormalizer>();
  } else if (type == "Lowercase") {
    normalizer = std::make_unique<LowercaseNormalizer>();
  } else if (form) {
    normalizer = std::make_unique<FormNormalizer>(*form);
  } else {
    section.fail("normalizer type '" + type +
                 "' is not supported; known are Sequence, Prepend, Replace, Strip, Lowercase, ByteLevel, NFC, NFD");
  }
  section.finish();
  return normalizer;
}

}  // namespace

std::unique_ptr<Normalizer> read_normalizer(JsonObject section) { return read_normalizer_part(std::move(section), 0); }

}  // namespace titan::tokenizer
