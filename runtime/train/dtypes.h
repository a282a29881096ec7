#pragma once

#include <optional>
#include <string>

#include "runtime/unit/dtype_policy.h"

namespace titan::train {

/// Translates a configuration's name ("float32", "bfloat16", "float64"). The schema allows no other.
c10::ScalarType parse_dtype(const std::string& name);

}  // namespace titan::train
