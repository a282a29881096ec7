#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/data/tokenizer/bpe_model.h"
#include "runtime/data/tokenizer/splitter.h"

namespace titan::tokenizer {

/// The splitting pattern of Llama 3, in the dialect of tokenizer.json.
extern const char* const kLlama3Pattern;

/// How often each word (raw bytes) occurs.
using WordCounts = std::unordered_map<std::string, int64_t>;

/// Splits texts into words and counts them.
class WordCounter {
 public:
  explicit WordCounter(const std::string& pattern);
  /// Counts the words of one text; ill-formed UTF-8 is read as U+FFFD.
  void add(std::string_view text);
  const WordCounts& counts() const { return counts_; }

 private:
  Splitter splitter_;
  WordCounts counts_;
};

struct TrainOptions {
  /// All tokens together: special tokens, the 256 bytes, merges.
  int64_t vocab_size = 0;
  /// They get the first ids, in this order.
  std::vector<std::string> special_tokens = {"<|begin_of_text|>", "<|end_of_text|>"};
  /// Pairs that occur less often are not merged.
  int64_t min_frequency = 2;
  /// Told the number of tokens so far, now and then.
  std::function<void(int64_t num_tokens)> progress = {};
};

/// Throws ConfigError for a vocab_size that cannot hold the special tokens and the bytes, and for empty or repeated
/// special tokens.
void check_train_options(const TrainOptions& options);

/// A trained byte-level vocabulary: tokens by id, merges by rank.
struct TrainedBpe {
  std::vector<std::string> tokens;
  std::vector<MergeRule> merges;
};

/// Learns byte-level BPE: again and again merges the most frequent pair of neighbours, among equals the pair of
/// smallest ids. Counts are updated where a merge happens only, so the work grows with the words that change, not with
/// the text. Depends on the counts alone, not on their order. Fewer tokens than asked for when no pair is left. Checks
/// the options first.
TrainedBpe train_bpe(const WordCounts& words, const TrainOptions& options);

}  // namespace titan::tokenizer
