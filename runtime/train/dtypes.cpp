#include "runtime/train/dtypes.h"

#include "runtime/config/check.h"

namespace titan::train {

c10::ScalarType parse_dtype(const std::string& name) {
  if (name == "float32") return c10::kFloat;
  if (name == "bfloat16") return c10::kBFloat16;
  if (name == "float64") return c10::kDouble;
  config::check(false, "parse_dtype: name must be float32, bfloat16 or float64: name=", name);
  return c10::kFloat;
}

}  // namespace titan::train
