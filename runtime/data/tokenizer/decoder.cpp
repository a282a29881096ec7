#include "runtime/data/tokenizer/decoder.h"

#include <algorithm>
#include <cctype>

#include "runtime/data/tokenizer/byte_alphabet.h"
#include "runtime/data/tokenizer/metaspace.h"
#include "runtime/data/tokenizer/text_replacement.h"
#include "runtime/data/tokenizer/utf8.h"

namespace titan::tokenizer {
namespace {

std::string concatenate(const std::vector<std::string>& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += token;
  return text;
}

class ByteLevelDecoder final : public Decoder {
 public:
  void apply(std::vector<std::string>& tokens) const override {
    std::string bytes;
    for (const std::string& token : tokens) bytes += alphabet_to_bytes(token).value_or(token);
    tokens = {replace_invalid_utf8(bytes)};
  }
};

class MetaspaceDecoder final : public Decoder {
 public:
  explicit MetaspaceDecoder(Metaspace metaspace) : metaspace_(std::move(metaspace)) {}
  void apply(std::vector<std::string>& tokens) const override {
    const TextReplacement to_space(metaspace_.replacement, " ");
    const TextReplacement to_nothing(metaspace_.replacement, "");
    for (size_t i = 0; i < tokens.size(); ++i) {
      const bool drops = i == 0 && metaspace_.prepend != MetaspacePrepend::kNever;
      (drops ? to_nothing : to_space).apply(tokens[i]);
    }
  }

 private:
  Metaspace metaspace_;
};

class ReplaceDecoder final : public Decoder {
 public:
  explicit ReplaceDecoder(TextReplacement replacement) : replacement_(std::move(replacement)) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (std::string& token : tokens) replacement_.apply(token);
  }

 private:
  TextReplacement replacement_;
};

// Runs of "<0xNN>" become the bytes they name; a run that is not UTF-8 becomes one U+FFFD a byte.
class ByteFallbackDecoder final : public Decoder {
 public:
  void apply(std::vector<std::string>& tokens) const override {
    std::vector<std::string> result;
    std::string run;
    const auto flush = [&] {
      if (run.empty()) return;
      if (!is_valid_utf8(run)) {
        const size_t num_bytes = run.size();
        run.clear();
        for (size_t i = 0; i < num_bytes; ++i) append_char(0xFFFD, run);
      }
      result.push_back(std::move(run));
      run.clear();
    };
    for (std::string& token : tokens) {
      if (is_byte(token)) {
        run.push_back(static_cast<char>(std::stoi(token.substr(3, 2), nullptr, 16)));
        continue;
      }
      flush();
      result.push_back(std::move(token));
    }
    flush();
    tokens = std::move(result);
  }

 private:
  static bool is_byte(const std::string& token) {
    return token.size() == 6 && token.starts_with("<0x") && token.ends_with('>') &&
           std::isxdigit(static_cast<unsigned char>(token[3])) && std::isxdigit(static_cast<unsigned char>(token[4]));
  }
};

class FuseDecoder final : public Decoder {
 public:
  void apply(std::vector<std::string>& tokens) const override { tokens = {concatenate(tokens)}; }
};

// Removes up to `start` leading and `stop` trailing occurrences of one character from every token.
class StripDecoder final : public Decoder {
 public:
  StripDecoder(std::string content, size_t start, size_t stop)
      : content_(std::move(content)), start_(start), stop_(stop) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (std::string& token : tokens) {
      size_t begin = 0;
      for (size_t i = 0; i < start_ && token.compare(begin, content_.size(), content_) == 0; ++i)
        begin += content_.size();
      token.erase(0, begin);
      for (size_t i = 0; i < stop_ && token.ends_with(content_); ++i) token.resize(token.size() - content_.size());
    }
  }

 private:
  std::string content_;
  size_t start_;
  size_t stop_;
};

// The suffix that ends words becomes the space between them.
class WordSuffixDecoder final : public Decoder {
 public:
  explicit WordSuffixDecoder(const std::string& suffix) : to_space_(suffix, " "), to_nothing_(suffix, "") {}
  void apply(std::vector<std::string>& tokens) const override {
    for (size_t i = 0; i < tokens.size(); ++i) (i + 1 < tokens.size() ? to_space_ : to_nothing_).apply(tokens[i]);
  }

 private:
  TextReplacement to_space_;
  TextReplacement to_nothing_;
};

class SequenceDecoder final : public Decoder {
 public:
  explicit SequenceDecoder(std::vector<std::unique_ptr<Decoder>> parts) : parts_(std::move(parts)) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (const auto& part : parts_) part->apply(tokens);
  }

 private:
  std::vector<std::unique_ptr<Decoder>> parts_;
};

std::unique_ptr<Decoder> read_decoder_part(JsonObject section, int depth);

std::unique_ptr<Decoder> read_sequence(JsonObject& section, int depth) {
  const Json& list = section.get_array("decoders");
  std::vector<std::unique_ptr<Decoder>> parts;
  for (size_t i = 0; i < list.size(); ++i) {
    parts.push_back(read_decoder_part(section.element(list[i], "decoders", i), depth + 1));
  }
  return std::make_unique<SequenceDecoder>(std::move(parts));
}

std::unique_ptr<Decoder> read_byte_level(JsonObject& section) {
  for (const char* encoding_only : {"add_prefix_space", "trim_offsets", "use_regex"}) section.allow(encoding_only);
  return std::make_unique<ByteLevelDecoder>();
}

std::unique_ptr<Decoder> read_strip(JsonObject& section) {
  std::string content = section.get_char("content");
  const int64_t start = section.get_integer("start", 0, INT32_MAX);
  return std::make_unique<StripDecoder>(std::move(content), start, section.get_integer("stop", 0, INT32_MAX));
}

std::unique_ptr<Decoder> read_word_suffix(JsonObject& section) {
  const std::string suffix = section.get_string("suffix");
  if (suffix.empty()) section.fail("'suffix' must not be empty");
  return std::make_unique<WordSuffixDecoder>(suffix);
}

std::unique_ptr<Decoder> read_decoder_part(JsonObject section, int depth) {
  if (depth > kMaxSequenceDepth) section.fail("sequences are nested deeper than " + std::to_string(kMaxSequenceDepth));
  const std::string type = section.get_string("type");
  std::unique_ptr<Decoder> decoder;
  if (type == "Sequence") {
    decoder = read_sequence(section, depth);
  } else if (type == "ByteLevel") {
    decoder = read_byte_level(section);
  } else if (type == "Metaspace") {
    decoder = std::make_unique<MetaspaceDecoder>(read_metaspace(section));
  } else if (type == "Replace") {
    decoder = std::make_unique<ReplaceDecoder>(read_text_replacement(section));
  } else if (type == "ByteFallback") {
    decoder = std::make_unique<ByteFallbackDecoder>();
  } else if (type == "Fuse") {
    decoder = std::make_unique<FuseDecoder>();
  } else if (type == "Strip") {
    decoder = read_strip(section);
  } else if (type == "BPEDecoder") {
    decoder = read_word_suffix(section);
  } else {
    section.fail("decoder type '" + type +
                 "' is not supported; known are Sequence, ByteLevel, Metaspace, Replace, ByteFallback, Fuse, Strip, "
                 "BPEDecoder");
  }
  section.finish();
  return decoder;
}

}  // namespace

std::unique_ptr<Decoder> read_decoder(JsonObject section) { return read_decoder_part(std::move(section), 0); }

Json byte_level_decoder_json() {
  return {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}};
}

}  // namespace titan::tokenizer
