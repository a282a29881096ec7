#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace titan::optim {

enum class DecayType { linear, sqrt, cosine };

/// Parses "linear", "sqrt" or "cosine". Throws ConfigError for lr_scheduler.decay_type otherwise.
DecayType parse_decay_type(std::string_view text);

/// Shape of the learning-rate curve: warm-up, constant, decay.
struct LrOptions {
  int64_t warmup_steps = 200;
  std::optional<int64_t> total_steps;  // length of the curve; absent: the training steps
  std::optional<double> decay_ratio;   // share of the curve that decays; absent: everything after the warm-up
  DecayType decay_type = DecayType::linear;
  double min_lr_factor = 0.0;
};

/// Gives the factor on the learning rate of the 0-based `step` of a run of `training_steps` steps. The warm-up reaches
/// 1 at its last step; the decay reaches `min_lr_factor` one step after the curve's end, where it stays. A warm-up or
/// decay that does not fit is cut as `lr_warnings` says. Throws ContractError unless step >= 0 and the curve has at
/// least one step.
double lr_factor(int64_t step, const LrOptions& options, int64_t training_steps);

/// Says which settings do not fit the curve's length and what is used instead; empty: all fit.
std::vector<std::string> lr_warnings(const LrOptions& options, int64_t training_steps);

}  // namespace titan::optim
