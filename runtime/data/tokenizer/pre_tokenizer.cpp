#include "runtime/data/tokenizer/pre_tokenizer.h"

#include <vector>

#include "runtime/data/tokenizer/byte_alphabet.h"
#include "runtime/data/tokenizer/metaspace.h"
#include "runtime/data/tokenizer/split_pattern.h"
#include "runtime/data/tokenizer/splitter.h"
#include "runtime/data/tokenizer/unicode_class.h"

namespace titan::tokenizer {

const char* const kGpt2Pattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

namespace {

constexpr int kMaxDepth = 16;  // of Sequence in Sequence

// The package's punctuation is ASCII's and that of Unicode 8: what was classified later is excepted.
constexpr const char* kPunctuation =
    R"((?![\x{61D}\x{9FD}\x{A76}\x{C77}\x{C84}\x{1B4E}\x{1B4F}\x{1B7D}-\x{1B7F}\x{2E43}-\x{2E5D}\x{10D6E}\x{10EAD})"
    R"(\x{10F55}-\x{10F89}\x{113D4}-\x{113D8}\x{1144B}-\x{1145D}\x{11660}-\x{1166C}\x{116B9}\x{1183B}\x{11944}-\x{11946})"
    R"(\x{119E2}\x{11A3F}-\x{11A46}\x{11A9A}-\x{11AA2}\x{11B00}-\x{11B09}\x{11BE1}\x{11C41}-\x{11C45}\x{11C70}\x{11C71})"
    R"(\x{11EF7}\x{11EF8}\x{11F43}-\x{11F4F}\x{11FFF}\x{12FF1}\x{12FF2}\x{16D6D}-\x{16D6F}\x{16E97}-\x{16E9A}\x{16FE2})"
    R"(\x{1E5FF}\x{1E95E}\x{1E95F}])[!-/:-@\[-`{-~\p{P}\x{166D}\x{111C9}])";

class SplitStep final : public PreTokenizer {
 public:
  explicit SplitStep(Splitter splitter) : splitter_(std::move(splitter)) {}
  void split(Piece piece, Sink sink) const override {
    splitter_.split(piece.text, [&](std::string_view part) {
      sink({part, piece.at_start && part.data() == piece.text.data()});
    });
  }

 private:
  Splitter splitter_;
};

class ByteLevelStep final : public PreTokenizer {
 public:
  ByteLevelStep(bool add_prefix_space, bool use_regex, bool raw_bytes, const std::string& where)
      : add_prefix_space_(add_prefix_space), raw_bytes_(raw_bytes) {
    if (use_regex) {
      splitter_.emplace(UnicodeRegex::from_json_dialect(kGpt2Pattern, where), SplitBehavior::kIsolated, false);
    }
  }

  void split(Piece piece, Sink sink) const override {
    std::string prefixed;
    if (add_prefix_space_ && !piece.text.starts_with(' ')) {
      prefixed = " " + std::string(piece.text);
      piece.text = prefixed;
    }
    const auto emit = [&](std::string_view part) {
      const bool at_start = piece.at_start && part.data() == piece.text.data();
      if (raw_bytes_) return sink({part, at_start});
      const std::string mapped = bytes_to_alphabet(part);
      sink({mapped, at_start});
    };
    if (splitter_) return splitter_->split(piece.text, emit);
    if (!piece.text.empty()) emit(piece.text);
  }

 private:
  bool add_prefix_space_;
  bool raw_bytes_;
  std::optional<Splitter> splitter_;
};

class MetaspaceStep final : public PreTokenizer {
 public:
  MetaspaceStep(Metaspace metaspace, const std::string& where) : metaspace_(std::move(metaspace)) {
    const std::string mark = quote_for_regex(metaspace_.replacement);
    if (metaspace_.split) {
      splitter_.emplace(UnicodeRegex(mark, mark, where), SplitBehavior::kMergedWithNext, false);
    }
  }

  void split(Piece piece, Sink sink) const override {
    std::string text;
    text.reserve(piece.text.size() * 2);
    for (const char c : piece.text) c == ' ' ? void(text += metaspace_.replacement) : text.push_back(c);
    const bool prepends = metaspace_.prepend == MetaspacePrepend::kAlways ||
                          (metaspace_.prepend == MetaspacePrepend::kFirst && piece.at_start);
    if (prepends && !text.starts_with(metaspace_.replacement)) text.insert(0, metaspace_.replacement);
    const auto emit = [&](std::string_view part) { sink({part, piece.at_start && part.data() == text.data()}); };
    if (splitter_) return splitter_->split(text, emit);
    if (!text.empty()) emit(text);
  }

 private:
  Metaspace metaspace_;
  std::optional<Splitter> splitter_;
};

class SequenceStep final : public PreTokenizer {
 public:
  explicit SequenceStep(std::vector<std::unique_ptr<PreTokenizer>> steps) : steps_(std::move(steps)) {}
  void split(Piece piece, Sink sink) const override { split_from(0, piece, sink); }

 private:
  void split_from(size_t step, Piece piece, Sink sink) const {
    if (step == steps_.size()) return sink(piece);
    steps_[step]->split(piece, [&](Piece part) { split_from(step + 1, part, sink); });
  }
  std::vector<std::unique_ptr<PreTokenizer>> steps_;
};

class Reader {
 public:
  explicit Reader(bool model_reads_raw_bytes) : model_reads_raw_bytes_(model_reads_raw_bytes) {}

  std::unique_ptr<PreTokenizer> read(JsonObject section, bool last, int depth) {
    if (depth > kMaxDepth) section.fail("sequences are nested deeper than " + std::to_string(kMaxDepth));
    const std::string type = section.get_string("type");
    std::unique_ptr<PreTokenizer> step;
    if (type == "Sequence") {
      step = read_sequence(section, last, depth);
    } else if (type == "ByteLevel") {
      step = read_byte_level(section, last);
    } else if (type == "Metaspace") {
      step = std::make_unique<MetaspaceStep>(read_metaspace(section), section.where());
    } else {
      step = std::make_unique<SplitStep>(read_splitter(type, section));
    }
    section.finish();
    return step;
  }

  bool raw_bytes() const { return raw_bytes_; }

 private:
  std::unique_ptr<PreTokenizer> read_sequence(JsonObject& section, bool last, int depth) {
    const Json& list = section.get_array("pretokenizers");
    std::vector<std::unique_ptr<PreTokenizer>> steps;
    for (size_t i = 0; i < list.size(); ++i) {
      steps.push_back(read(section.element(list[i], "pretokenizers", i), last && i + 1 == list.size(), depth + 1));
    }
    return std::make_unique<SequenceStep>(std::move(steps));
  }

  std::unique_ptr<PreTokenizer> read_byte_level(JsonObject& section, bool last) {
    section.allow("trim_offsets");  // about offsets, which titan does not return
    const bool add_prefix_space = section.find_bool("add_prefix_space", true);
    const bool use_regex = section.find_bool("use_regex", true);
    const bool raw = last && model_reads_raw_bytes_;
    raw_bytes_ = raw_bytes_ || raw;
    return std::make_unique<ByteLevelStep>(add_prefix_space, use_regex, raw, section.where());
  }

  static Splitter read_splitter(const std::string& type, JsonObject& section) {
    const auto behavior = [&](std::optional<std::string> name, const char* otherwise) {
      const std::optional<SplitBehavior> found = split_behavior(name.value_or(otherwise));
      if (!found) {
        section.fail("behavior '" + *name +
                     "' is not one of Removed, Isolated, Contiguous, MergedWithPrevious, MergedWithNext");
      }
      return *found;
    };
    const auto classes = [&](const std::string& fast, const std::string& additions, SplitBehavior how, bool invert) {
      return Splitter(UnicodeRegex("[" + fast + "]", "[" + fast + additions + "]", section.where()), how, invert);
    };
    const std::string spaces = kWhiteSpace;
    if (type == "Split") {
      UnicodeRegex pattern = read_split_pattern(section);
      const SplitBehavior how = behavior(section.get_string("behavior"), "");
      return Splitter(std::move(pattern), how, section.find_bool("invert", false));
    }
    if (type == "Digits") {
      const bool individual = section.find_bool("individual_digits", false);
      return classes("\\p{N}", recent_chars("N"), individual ? SplitBehavior::kIsolated : SplitBehavior::kContiguous,
                     false);
    }
    if (type == "Punctuation") {
      return Splitter(UnicodeRegex(kPunctuation, kPunctuation, section.where()),
                      behavior(section.find_string("behavior"), "Isolated"), false);
    }
    if (type == "WhitespaceSplit") return classes(spaces, "", SplitBehavior::kRemoved, false);
    if (type == "Whitespace") {
      const auto pattern = [&](const std::string& word) { return "[" + word + "]+|[^" + word + spaces + "]+"; };
      const std::string word = std::string(kWordChars) + "\\x{200C}\\x{200D}";
      const std::string recent = recent_chars("L") + recent_chars("M") + recent_chars("Nd");
      return Splitter(UnicodeRegex(pattern(word), pattern(word + recent), section.where()), SplitBehavior::kRemoved,
                      true);
    }
    if (type == "CharDelimiterSplit") {
      const std::string mark = quote_for_regex(section.get_char("delimiter"));
      return Splitter(UnicodeRegex(mark, mark, section.where()), SplitBehavior::kRemoved, false);
    }
    section.fail("pre-tokenizer type '" + type +
                 "' is not supported; known are Sequence, Split, ByteLevel, Metaspace, Whitespace, WhitespaceSplit, "
                 "Digits, Punctuation, CharDelimiterSplit");
  }

  bool model_reads_raw_bytes_;
  bool raw_bytes_ = false;
};

}  // namespace

PreTokenizerSpec read_pre_tokenizer(JsonObject section, bool model_reads_raw_bytes) {
  Reader reader(model_reads_raw_bytes);
  std::unique_ptr<PreTokenizer> pre_tokenizer = reader.read(std::move(section), true, 0);
  return {std::move(pre_tokenizer), reader.raw_bytes()};
}

Json byte_level_pre_tokenizer_json() {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
}

}  // namespace titan::tokenizer
