#pragma once

#include <string>

#include "runtime/data/tokenizer/tokenizer_parts.h"

namespace titan::tokenizer {

/// Reads the tokenizer of a Hugging Face assets folder: tokenizer.json; else vocab.json or vocab.txt with merges.txt;
/// else the vocabulary alone (word-level). tokenizer_config.json, where present, names the special tokens. Throws
/// ConfigError with the key model.hf_assets_path, listing the files present, when there is none of these, and with the
/// file's name when one is damaged.
TokenizerParts read_tokenizer_folder(const std::string& folder);

}  // namespace titan::tokenizer
