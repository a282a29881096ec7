#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/data/tokenizer/bpe_merge.h"
#include "runtime/data/tokenizer/vocabulary.h"
#include "runtime/data/tokenizer/word_cache.h"

namespace titan::tokenizer {

/// What one encoding thread works with.
struct Scratch {
  WordCache cache;
  MergeBuffers merge;
  std::string normalized;
};

/// Turns one pre-tokenized word into ids. Const use is thread-safe, one Scratch per thread.
class Model {
 public:
  virtual ~Model() = default;
  /// Appends the ids of a word (valid UTF-8, or raw bytes if reads_raw_bytes).
  virtual void tokenize(std::string_view word, Scratch& scratch, std::vector<int32_t>& ids) const = 0;
  virtual const Vocabulary& vocabulary() const = 0;
  /// "BPE" or "WordLevel".
  virtual std::string name() const = 0;
  /// Number of merge rules; 0 where the model has none.
  virtual size_t num_merges() const = 0;
};

}  // namespace titan::tokenizer
