#include "validate/divergence/observing_platform.h"

#include <utility>

namespace titan::validate {

std::string label(const unit::Unit& unit) {
  if (!unit.full_name().empty()) return unit.full_name();
  std::string names;
  for (const nn::Module* child : unit.children()) names += (names.empty() ? "" : " + ") + child->full_name();
  return names;
}

void ObservingPlatform::observe(Observer observer) {
  observer_ = std::move(observer);
  num_calls_.clear();
}

std::vector<at::Tensor> ObservingPlatform::run_unit(unit::UnitCall&& call) {
  const unit::Unit* const unit = call.unit;
  const unit::Phase phase = call.phase;
  unit::Tuple results = ForwardingPlatform::run_unit(std::move(call));
  if (observer_) {
    observer_({.unit = *unit, .phase = phase, .microbatch = num_calls_[{unit, phase}]++, .tensors = results});
  }
  return results;
}

}  // namespace titan::validate
