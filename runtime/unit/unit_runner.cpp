#include "runtime/unit/unit_runner.h"

#include <c10/util/Exception.h>

#include <deque>
#include <set>
#include <utility>

#include "runtime/platform/attribute.h"

namespace titan::unit {
namespace {

size_t begin_of_group(const std::vector<RunnerUnit>& units, size_t index) {
  const auto& sharding = units[index].sharding;
  while (sharding && index > 0 && units[index - 1].sharding == sharding) --index;
  return index;
}

size_t end_of_group(const std::vector<RunnerUnit>& units, size_t index) {
  const auto& sharding = units[index].sharding;
  while (++index < units.size() && sharding && units[index].sharding == sharding) continue;
  return index;
}

}  // namespace

std::vector<LocalShard*> shards_of(const std::vector<RunnerUnit>& units, size_t index) {
  const auto& [unit, sharding, checkpoint, takes_targets, output_layout] = units[index];
  if (!sharding) return {};
  int64_t first = 0;
  for (size_t i = begin_of_group(units, index); i < index; ++i) {
    first += static_cast<int64_t>(units[i].unit->parameters().size());
  }
  const auto all = sharding->shards();
  const auto begin = all.begin() + first;
  return {begin, begin + static_cast<int64_t>(unit->parameters().size())};
}

UnitRunner::UnitRunner(platform::Platform& platform, std::vector<RunnerUnit> units)
    : platform_(platform), units_(std::move(units)) {
  std::set<const UnitSharding*> earlier;
  for (size_t i = 0; i < units_.size(); ++i) {
    group_of_.push_back({begin_of_group(units_, i), end_of_group(units_, i)});
    const UnitSharding* sharding = units_[i].sharding.get();
    if (!sharding || group_of_[i].begin < i) continue;
    TORCH_CHECK(earlier.insert(sharding).second,
                "UnitRunner: units that share a sharding must follow each other: unit=", units_[i].unit->full_name());
  }
}

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
    const auto [group_begin, group_end] = group_of_[i];
    if (i == group_begin) begin_unshard(static_cast<int64_t>(group_end));
    if (sharding) sharding->finish_unshard();
    if (takes_targets) {
      for (auto& target : microbatch.targets) values.push_back(std::move(target));
    }
    values = execute_forward(i, std::move(values), flight);
    if (i + 1 < group_end || !sharding) continue;
    if (!flight || sharding->reshard_after_forward()) sharding->reshard();
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
  const bool steps_here = last_microbatch && on_unit_gradients_;
  std::deque<size_t> reducing;  // groups that have not stepped, by their first unit
  begin_unshard(static_cast<int64_t>(units_.size()) - 1);
  for (size_t i = units_.size(); i-- > 0;) {
    const auto& [unit, sharding, checkpoint, takes_targets, output_layout] = units_[i];
    const auto unit_scope = platform_.annotate(unit->full_name());
    const auto [group_begin, group_end] = group_of_[i];
    if (i + 1 == group_end) begin_unshard(static_cast<int64_t>(group_begin) - 1);
    if (sharding) sharding->finish_unshard();
    gradients = execute_backward(i, std::move(gradients), flight);
    if (takes_targets) gradients.resize(gradients.size() - flight.num_targets);
    if (i > group_begin) continue;
    if (sharding) {
      sharding->reshard();
      sharding->begin_reduce(last_microbatch);
    }
    if (!steps_here || !sharding) continue;
    reducing.push_back(group_begin);
    while (!reducing.empty() && reducing.size() > units_[reducing.front()].sharding->reduction_lag()) {
      finish_step(reducing.front());
      reducing.pop_front();
    }
  }
  for (const size_t index : reducing) finish_step(index);
  return gradients;
}

void UnitRunner::finish_gradients() {
  if (on_unit_gradients_) return;
  for (size_t i = 0; i < units_.size(); i = group_of_[i].end) {
    if (units_[i].sharding) units_[i].sharding->finish_reduce();
  }
}

std::vector<LocalShard*> UnitRunner::shards() const {
  std::vector<LocalShard*> all;
  for (size_t i = 0; i < units_.size(); i = group_of_[i].end) {
    if (!units_[i].sharding) continue;
    const auto own = units_[i].sharding->shards();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

void UnitRunner::begin_unshard(int64_t index) {
  if (index < 0 || index >= static_cast<int64_t>(units_.size()) || !units_[index].sharding) return;
  units_[index].sharding->begin_unshard();
}

void UnitRunner::finish_step(size_t index) {
  units_[index].sharding->finish_reduce();
  on_unit_gradients_(*units_[index].sharding);
}

}  // namespace titan::unit
