#include "runtime/data/tokenizer/bpe_trainer.h"

#include <algorithm>
#include <queue>
#include <set>

#include "runtime/data/tokenizer/byte_alphabet.h"
#include "runtime/data/tokenizer/file_error.h"
#include "runtime/data/tokenizer/utf8.h"

namespace titan::tokenizer {

const char* const kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

WordCounter::WordCounter(const std::string& pattern)
    : splitter_(UnicodeRegex::from_json_dialect(pattern, "--pattern"), SplitBehavior::kIsolated, false) {}

void WordCounter::add(std::string_view text) {
  if (!is_valid_utf8(text)) return add(replace_invalid_utf8(text));
  splitter_.split(text, [&](std::string_view word) { ++counts_[std::string(word)]; });
}

namespace {

constexpr int64_t kProgressInterval = 64;  // tokens

using Pair = std::pair<int32_t, int32_t>;

struct PairHash {
  size_t operator()(Pair pair) const {
    const uint64_t key = uint64_t{static_cast<uint32_t>(pair.first)} << 32 | static_cast<uint32_t>(pair.second);
    return key * 0x9E3779B97F4A7C15ull >> 16;
  }
};

struct Word {
  std::vector<int32_t> symbols;
  int64_t count;
};

class Trainer {
 public:
  Trainer(const WordCounts& words, const TrainOptions& options) : options_(options) {
    add_first_tokens();
    std::vector<std::pair<std::string_view, int64_t>> sorted(words.begin(), words.end());
    std::sort(sorted.begin(), sorted.end());
    for (const auto& [text, count] : sorted) {
      Word word{{}, count};
      for (const char byte : text) word.symbols.push_back(byte_ids_[static_cast<uint8_t>(byte)]);
      words_.push_back(std::move(word));
    }
    count_all_pairs();
  }

  TrainedBpe run() {
    while (num_tokens() < options_.vocab_size && !queue_.empty()) {
      Candidate top = queue_.top();
      queue_.pop();
      PairState& state = pairs_.at(top.pair);
      if (top.count != state.count) {  // outdated: back with today's count
        if (state.count > 0) queue_.push({state.count, top.pair});
        continue;
      }
      if (top.count < std::max<int64_t>(options_.min_frequency, 1)) break;
      const std::vector<int32_t> places = std::move(state.words);
      state = {};
      merge(top.pair, places);
      if (options_.progress && num_tokens() % kProgressInterval == 0) options_.progress(num_tokens());
    }
    return std::move(result_);
  }

 private:
  struct PairState {
    int64_t count = 0;
    std::vector<int32_t> words;  // that hold or held the pair; may repeat
  };
  struct Candidate {
    int64_t count;
    Pair pair;
    bool operator<(const Candidate& other) const {
      return count != other.count ? count < other.count : pair > other.pair;
    }
  };

  int64_t num_tokens() const { return static_cast<int64_t>(result_.tokens.size()); }

  int32_t add_token(const std::string& token) {
    const auto [entry, added] = ids_.emplace(token, static_cast<int32_t>(result_.tokens.size()));
    if (added) result_.tokens.push_back(token);
    return entry->second;
  }

  void add_first_tokens() {
    for (const std::string& token : options_.special_tokens) add_token(token);
    std::vector<char16_t> alphabet(kByteAlphabet.begin(), kByteAlphabet.end());
    std::sort(alphabet.begin(), alphabet.end());
    for (const char16_t character : alphabet) {
      byte_ids_[*byte_of_char(character)] = add_token(char_to_utf8(character));
    }
  }

  void count_all_pairs() {
    for (size_t w = 0; w < words_.size(); ++w) {
      const auto& [symbols, count] = words_[w];
      for (size_t i = 0; i + 1 < symbols.size(); ++i) change({symbols[i], symbols[i + 1]}, count, w);
    }
    for (const auto& [pair, state] : pairs_) queue_.push({state.count, pair});
    grown_.clear();
  }

  void change(Pair pair, int64_t delta, size_t word) {
    PairState& state = pairs_[pair];
    state.count += delta;
    if (delta < 0) return;
    if (state.words.empty() || state.words.back() != static_cast<int32_t>(word)) {
      state.words.push_back(static_cast<int32_t>(word));
    }
    grown_.insert(pair);
  }

  void merge(Pair pair, const std::vector<int32_t>& places) {
    const std::string left = result_.tokens[pair.first];
    const std::string right = result_.tokens[pair.second];
    const int32_t merged = add_token(left + right);
    result_.merges.push_back({left, right});
    for (const int32_t place : places) merge_in_word(pair, merged, place);
    for (const Pair& grown : grown_) {
      if (pairs_[grown].count > 0) queue_.push({pairs_[grown].count, grown});
    }
    grown_.clear();
  }

  // Replaces the pair from left to right; the neighbours' pairs lose an occurrence and the new pairs gain one.
  void merge_in_word(Pair pair, int32_t merged, int32_t place) {
    auto& [symbols, count] = words_[place];
    size_t out = 0;
    for (size_t i = 0; i < symbols.size(); ++i) {
      const bool here = i + 1 < symbols.size() && symbols[i] == pair.first && symbols[i + 1] == pair.second;
      if (!here) {
        symbols[out++] = symbols[i];
        continue;
      }
      if (out > 0) {
        change({symbols[out - 1], pair.first}, -count, place);
        change({symbols[out - 1], merged}, count, place);
      }
      if (i + 2 < symbols.size()) {
        change({pair.second, symbols[i + 2]}, -count, place);
        change({merged, symbols[i + 2]}, count, place);
      }
      symbols[out++] = merged;
      ++i;
    }
    symbols.resize(out);
  }

  const TrainOptions& options_;
  TrainedBpe result_;
  std::unordered_map<std::string, int32_t> ids_;
  std::array<int32_t, 256> byte_ids_{};
  std::vector<Word> words_;
  std::unordered_map<Pair, PairState, PairHash> pairs_;
  std::priority_queue<Candidate> queue_;
  std::set<Pair> grown_;  // pairs that gained occurrences since the queue was last filled
};

}  // namespace

void check_train_options(const TrainOptions& options) {
  std::set<std::string> tokens;
  for (const char16_t character : kByteAlphabet) tokens.insert(char_to_utf8(character));
  for (const std::string& token : options.special_tokens) {
    if (token.empty() || !is_valid_utf8(token)) throw file_error("--special-token", "must be a text that is not empty");
    if (!tokens.insert(token).second)
      throw file_error("--special-token", "'" + token + "' is in the vocabulary already");
  }
  const auto fewest = static_cast<int64_t>(tokens.size());
  if (options.vocab_size < fewest || options.vocab_size > kMaxTokenId + 1) {
    throw file_error("--vocab-size", std::to_string(options.vocab_size) +
                                         " is not possible: special tokens and bytes are " + std::to_string(fewest) +
                                         ", the most is " + std::to_string(kMaxTokenId + 1));
  }
}

TrainedBpe train_bpe(const WordCounts& words, const TrainOptions& options) {
  check_train_options(options);
  return Trainer(words, options).run();
}

}  // namespace titan::tokenizer
