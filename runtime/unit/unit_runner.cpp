#include "runtime/unit/unit_runner.h"

#include <utility>

#include "runtime/platform/attribute.h"

namespace titan::unit {

UnitRunner::UnitRunner(platform::Platform& platform, std::vector<RunnerUnit> units)
    : platform_(platform), units_(std::move(units)) {}

Tuple UnitRunner::forward(Microbatch&& microbatch, Flight& flight) {
  const auto scope = platform_.annotate("forward");
  flight = {.saved = std::vector<SavedForward>(units_.size()), .num_targets = microbatch.targets.size()};
  return run_forward(std::move(microbatch), &flight);
}

Tuple UnitRunner::evaluate(Microbatch&& microbatch) {
  const auto scope = platform_.annotate("evaluate");
  return run_forward(std::move(microbatch), nullptr);
}

Tuple UnitRunner::run_forward(Microbatch&& microbatch, Flight* flight) {
  Tuple values = std::move(microbatch.inputs);
  begin_unshard(0);
  for (size_t i = 0; i < units_.size(); ++i) {
    const auto& [unit, sharding, checkpoint, takes_targets, output_layout] = units_[i];
    const auto scope = platform_.annotate(unit->full_name());
    begin_unshard(static_cast<int64_t>(i) + 1);
    if (sharding) sharding->finish_unshard();
    if (takes_targets) {
      for (auto& target : microbatch.targets) values.push_back(std::move(target));
    }
    values = execute_forward(i, std::move(values), flight);
    if (sharding && (!flight || sharding->reshard_after_forward())) sharding->reshard();
  }
  return values;
}

// The unit that takes targets is the loss.
platform::Scope UnitRunner::attribute_memory(const RunnerUnit& one) {
  if (!one.takes_targets) return platform::Scope();
  return platform::attribute(platform_, platform::MemoryCategory::logits_and_loss);
}

Tuple UnitRunner::execute_forward(size_t index, Tuple&& inputs, Flight* flight) {
  const auto memory = attribute_memory(units_[index]);
  return platform_.run_unit({.unit = units_[index].unit.get(),
                             .phase = Phase::forward,
                             .checkpoint = units_[index].checkpoint.get(),
                             .keep_for_backward = flight != nullptr,
                             .arguments = std::move(inputs),
                             .saved = flight ? &flight->saved[index] : nullptr});
}

Tuple UnitRunner::execute_backward(size_t index, Tuple&& gradients, Flight& flight) {
  const auto memory = attribute_memory(units_[index]);
  return platform_.run_unit({.unit = units_[index].unit.get(),
                             .phase = Phase::backward,
                             .checkpoint = units_[index].checkpoint.get(),
                             .arguments = std::move(gradients),
                             .saved = &flight.saved[index]});
}

Tuple UnitRunner::backward(Flight&& flight, Tuple&& output_gradients, bool last_microbatch) {
  const auto scope = platform_.annotate("backward");
  Tuple gradients = std::move(output_gradients);
  const auto last = static_cast<int64_t>(units_.size()) - 1;
  const bool steps_here = last_microbatch && on_unit_gradients_;
  begin_unshard(last);
  for (int64_t i = last; i >= 0; --i) {
    const auto& [unit, sharding, checkpoint, takes_targets, output_layout] = units_[i];
    const auto unit_scope = platform_.annotate(unit->full_name());
    begin_unshard(i - 1);
    if (sharding) sharding->finish_unshard();
    gradients = execute_backward(i, std::move(gradients), flight);
    if (takes_targets) gradients.resize(gradients.size() - flight.num_targets);
    if (sharding) {
      sharding->reshard();
      sharding->begin_reduce(last_microbatch);
    }
    if (steps_here) finish_step(i + 1);  // one unit later, so that its reduction overlapped this unit's backward
  }
  if (steps_here) finish_step(0);
  return gradients;
}

void UnitRunner::finish_gradients() {
  if (on_unit_gradients_) return;
  for (const auto& one : units_) {
    if (one.sharding) one.sharding->finish_reduce();
  }
}

std::vector<LocalShard*> UnitRunner::shards() const {
  std::vector<LocalShard*> all;
  for (const auto& one : units_) {
    if (!one.sharding) continue;
    const auto own = one.sharding->shards();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

void UnitRunner::begin_unshard(int64_t index) {
  if (index < 0 || index >= static_cast<int64_t>(units_.size()) || !units_[index].sharding) return;
  units_[index].sharding->begin_unshard();
}

void UnitRunner::finish_step(int64_t index) {
  if (index >= static_cast<int64_t>(units_.size()) || !units_[index].sharding) return;
  units_[index].sharding->finish_reduce();
  on_unit_gradients_(*units_[index].sharding);
}

}  // namespace titan::unit
