#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/data/tokenizer/json_object.h"

namespace titan::tokenizer {

/// Turns the texts of tokens back into running text, in place; the result is the concatenation. Const use is
/// thread-safe.
class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual void apply(std::vector<std::string>& tokens) const = 0;
};

/// Reads the `decoder` section. Throws ConfigError for a type or setting that is not supported.
std::unique_ptr<Decoder> read_decoder(JsonObject section);

/// The decoder of byte-level vocabularies.
Json byte_level_decoder_json();

}  // namespace titan::tokenizer
