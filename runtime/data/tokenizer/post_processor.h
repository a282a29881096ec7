#pragma once

#include <cstdint>
#include <vector>

#include "runtime/data/tokenizer/json_object.h"

namespace titan::tokenizer {

/// The ids that a tokenizer.json puts around every text when special tokens are wanted.
struct Surroundings {
  std::vector<int32_t> before;
  std::vector<int32_t> after;
};

/// Reads the `post_processor` section. Throws ConfigError for a type or setting that is not supported.
Surroundings read_post_processor(JsonObject section);

}  // namespace titan::tokenizer
