#pragma once

#include <string_view>

namespace titan::optim {

enum class OptimizerName { adam_w, adam };

/// How a step is computed; the numbers are the same up to rounding.
enum class Implementation { for_loop, foreach, fused };

struct OptimizerOptions {
  OptimizerName name = OptimizerName::adam_w;
  double lr = 8e-4;  // the base rate; each step is told its own
  double beta1 = 0.9;
  double beta2 = 0.95;
  double eps = 1e-8;
  double weight_decay = 0.1;  // AdamW: on the value, scaled by the rate; Adam: added to the gradient
  Implementation implementation = Implementation::fused;
};

/// Parses "AdamW" or "Adam". Throws ConfigError for optimizer.name otherwise.
OptimizerName parse_optimizer_name(std::string_view text);

/// Parses "for-loop", "foreach" or "fused". Throws ConfigError for optimizer.implementation otherwise.
Implementation parse_implementation(std::string_view text);

}  // namespace titan::optim
