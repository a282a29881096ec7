#pragma once

#include <memory>
#include <string>

#include "runtime/data/tokenizer/json_object.h"

namespace titan::tokenizer {

/// Rewrites text before it is split. Const use is thread-safe.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual void apply(std::string& text) const = 0;
};

/// Reads the `normalizer` section. Throws ConfigError for a type or setting that is not supported.
std::unique_ptr<Normalizer> read_normalizer(JsonObject section);

}  // namespace titan::tokenizer
