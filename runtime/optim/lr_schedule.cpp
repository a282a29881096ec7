#include "runtime/optim/lr_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"

namespace titan::optim {
namespace {

/// Phase lengths after cutting to the curve's length. One virtual constant step more than the curve has keeps the last
/// real step above the decay's end.
struct Phases {
  int64_t total;
  int64_t warmup;
  int64_t decay;
  int64_t wanted_decay;

  int64_t decay_start() const { return total + 1 - decay; }
};

Phases phases(const LrOptions& options, int64_t training_steps) {
  const int64_t total = options.total_steps.value_or(training_steps);
  config::check(total >= 1, "lr_factor: the curve must have at least one step: total_steps=", total);
  const int64_t warmup = std::min(options.warmup_steps, total);
  // nearbyint rounds halves to even, as Python's round does.
  const int64_t wanted = options.decay_ratio
                             ? static_cast<int64_t>(std::nearbyint(static_cast<double>(total) * *options.decay_ratio))
                             : total - warmup;
  return {total, warmup, std::min(wanted, total - warmup), wanted};
}

double decay(DecayType type, double progress) {
  switch (type) {
    case DecayType::linear:
      return 1.0 - progress;
    case DecayType::sqrt:
      return 1.0 - std::sqrt(progress);
    case DecayType::cosine:
      return 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
  }
  throw config::ContractError("lr_factor: unknown decay type");
}

}  // namespace

DecayType parse_decay_type(std::string_view text) {
  if (text == "linear") return DecayType::linear;
  if (text == "sqrt") return DecayType::sqrt;
  if (text == "cosine") return DecayType::cosine;
  throw config::ConfigError("lr_scheduler.decay_type",
                            "must be linear, sqrt or cosine, found '" + std::string(text) + "'");
}

double lr_factor(int64_t step, const LrOptions& options, int64_t training_steps) {
  config::check(step >= 0, "lr_factor: step must not be negative: step=", step);
  const Phases curve = phases(options, training_steps);
  if (step < curve.warmup) return static_cast<double>(step + 1) / static_cast<double>(curve.warmup);
  if (curve.decay == 0 || step < curve.decay_start()) return 1.0;
  const double decayed = static_cast<double>(step + 1 - curve.decay_start());
  const double progress = std::min(1.0, decayed / static_cast<double>(curve.decay));
  return options.min_lr_factor + (1.0 - options.min_lr_factor) * decay(options.decay_type, progress);
}

std::vector<std::string> lr_warnings(const LrOptions& options, int64_t training_steps) {
  const Phases curve = phases(options, training_steps);
  std::vector<std::string> warnings;
  const std::string total = std::to_string(curve.total);
  if (options.warmup_steps > curve.total) {
    warnings.push_back("lr_scheduler.warmup_steps: " + std::to_string(options.warmup_steps) +
                       " steps do not fit into " + total + "; the warm-up takes all " + total + " steps");
  }
  if (curve.wanted_decay > curve.decay) {
    warnings.push_back("lr_scheduler.decay_ratio: " + std::to_string(curve.wanted_decay) + " decay steps after " +
                       std::to_string(curve.warmup) + " warm-up steps do not fit into " + total + "; the decay takes " +
                       std::to_string(curve.decay) + " steps");
  }
  return warnings;
}

}  // namespace titan::optim
