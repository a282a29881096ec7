#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "runtime/unit/unit_call.h"
#include "validate/divergence/forwarding_platform.h"

namespace titan::validate {

/// A unit's full name; where it has none, those of its modules: "norm + output".
std::string label(const unit::Unit& unit);

/// One execution of a unit in a step and what it gave: outputs, or gradients of the inputs.
struct UnitResult {
  const unit::Unit& unit;
  unit::Phase phase;
  int64_t microbatch;  // of this rank, from 0
  const unit::Tuple& tensors;
};

/// Shows what every unit computes, without changing it.
class ObservingPlatform final : public ForwardingPlatform {
 public:
  using Observer = std::function<void(const UnitResult&)>;
  using ForwardingPlatform::ForwardingPlatform;

  /// Calls `observer` for every unit executed from now on; microbatches count from 0 again. Null: for none.
  void observe(Observer observer);
  std::vector<at::Tensor> run_unit(unit::UnitCall&& call) override;

 private:
  Observer observer_;
  std::map<std::pair<const unit::Unit*, unit::Phase>, int64_t> num_calls_;
};

}  // namespace titan::validate
