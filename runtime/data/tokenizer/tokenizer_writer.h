#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/data/tokenizer/bpe_trainer.h"

namespace titan::tokenizer {

/// A trained byte-level tokenizer as it goes into a folder.
struct TokenizerFiles {
  TrainedBpe bpe;
  std::string pattern;                      // that split the words
  std::vector<std::string> special_tokens;  // the first tokens of bpe
  std::optional<std::string> bos_token;     // one of them
  std::optional<std::string> eos_token;     // one of them
};

/// Writes tokenizer.json and tokenizer_config.json, readable by the `tokenizers` and `transformers` packages, into the
/// folder, which is made if it is missing. Each file appears under its name only when it is complete. Throws
/// std::runtime_error when a file cannot be written.
void write_tokenizer(const TokenizerFiles& files, const std::string& folder);

}  // namespace titan::tokenizer
