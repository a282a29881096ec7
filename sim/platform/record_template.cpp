#include "sim/platform/record_template.h"

#include <algorithm>
#include <utility>

#include "runtime/unit/saved_forward.h"
#include "sim/device/storage.h"
#include "sim/platform/draft.h"

namespace titan::sim {
namespace {

using unit::Phase;
using unit::SavedForward;
using unit::Tuple;

bool has_storage(const LeftTensor& left, Reference storage) {
  return left.is_defined && left.has_storage && left.storage == storage;
}

std::vector<uint32_t> survivors(const UnitTemplate& made) {
  std::vector<bool> is_alive(made.own.size(), true);
  for (const auto& node : made.nodes) {
    const Reference storage = Reference::of_bits(node.id);
    if (node.kind == trace::NodeKind::free && storage.kind() == Reference::Kind::own) is_alive[storage.n()] = false;
  }
  std::vector<uint32_t> alive;
  for (uint32_t n = 0; n < is_alive.size(); ++n) {
    if (is_alive[n]) alive.push_back(n);
  }
  return alive;
}

Tuple run_forward(const CallKind& kind, Tuple&& inputs, SavedForward& saved) {
  return unit::execute({.unit = kind.unit,
                        .phase = Phase::forward,
                        .checkpoint = kind.checkpoint,
                        .keep_for_backward = kind.keep_for_backward,
                        .arguments = std::move(inputs),
                        .saved = kind.keep_for_backward ? &saved : nullptr});
}

size_t num_with_storage(const Tuple& tensors, const at::Tensor& like) {
  return std::count_if(tensors.begin(), tensors.end(), [&](const at::Tensor& one) {
    return one.storage().unsafeGetStorageImpl() == like.storage().unsafeGetStorageImpl();
  });
}

// Which allocations outlive a forward, and why.
void sort_survivors(const Tuple& results, UnitTemplate& made) {
  for (const uint32_t n : survivors(made)) {
    const Reference storage(Reference::Kind::own, n);
    const auto found = std::find_if(made.results.begin(), made.results.end(),
                                    [&](const LeftTensor& left) { return has_storage(left, storage); });
    if (found == made.results.end()) {
      made.saved.push_back(n);
      continue;
    }
    const at::Tensor& result = results[found - made.results.begin()];
    if (result.storage().use_count() > num_with_storage(results, result)) made.shared.push_back(n);
  }
}

void find_kept_inputs(const Draft& draft, UnitTemplate& made) {
  for (uint32_t i = 0; i < made.inputs.size(); ++i) {
    const Reference storage(Reference::Kind::external, i);
    const size_t num_results = std::count_if(made.results.begin(), made.results.end(),
                                             [&](const LeftTensor& left) { return has_storage(left, storage); });
    made.keeps_input.push_back(draft.is_kept(i, num_results));
  }
}

/// Puts stand-ins in the place of a unit's gradients until the end.
class StandInCells {
 public:
  StandInCells(unit::Unit& unit, Draft& draft, const std::vector<External>& cells, uint32_t first)
      : parameters_(unit.parameters()) {
    for (auto* parameter : parameters_) real_.push_back(std::exchange(parameter->grad, {}));
    Tuple stand_ins = draft.stand_in(cells, first);
    for (size_t i = 0; i < parameters_.size(); ++i) {
      const Allocation* allocation = stand_ins[i].defined() ? allocation_of(stand_ins[i]) : nullptr;
      before_.push_back(allocation ? int64_t{allocation->storage} : stand_ins[i].defined() ? -2 : -1);
      parameters_[i]->grad = std::move(stand_ins[i]);
    }
  }
  StandInCells(const StandInCells&) = delete;
  StandInCells& operator=(const StandInCells&) = delete;
  ~StandInCells() {
    for (size_t i = 0; i < parameters_.size(); ++i) parameters_[i]->grad = std::move(real_[i]);
  }

  void describe_set(const Draft& draft, UnitTemplate& made) const {
    for (size_t i = 0; i < parameters_.size(); ++i) {
      const at::Tensor& cell = parameters_[i]->grad;
      const Allocation* allocation = cell.defined() ? allocation_of(cell) : nullptr;
      const int64_t now = allocation ? int64_t{allocation->storage} : cell.defined() ? -2 : -1;
      if (now == before_[i]) continue;
      if (now < 0) throw NoTemplate("it takes a gradient away");
      made.cells.emplace_back(i, draft.describe_left(cell));
    }
  }

 private:
  std::vector<nn::Parameter*> parameters_;
  Tuple real_;
  std::vector<int64_t> before_;  // storage; -1: undefined, -2: empty
};

// What outlives a backward must be a result, and nothing of the forward may.
void check_backward(const UnitTemplate& forward, const UnitTemplate& made) {
  std::vector<bool> ends(forward.own.size());
  std::vector<bool> is_result(made.own.size());
  const auto mark = [&](Reference storage) {
    if (storage.kind() == Reference::Kind::forward) ends[storage.n()] = true;
    if (storage.kind() == Reference::Kind::own) is_result[storage.n()] = true;
  };
  for (const auto& left : made.results) {
    if (left.has_storage) mark(left.storage);
  }
  for (const auto& [parameter, left] : made.cells) {
    if (left.has_storage) mark(left.storage);
  }
  for (const auto& node : made.nodes) {
    const Reference storage = Reference::of_bits(node.id);
    if (node.kind == trace::NodeKind::free && storage.kind() == Reference::Kind::forward) mark(storage);
  }
  for (const uint32_t n : survivors(made)) {
    if (!is_result[n]) throw NoTemplate("its backward leaves a tensor behind");
  }
  for (const uint32_t n : forward.saved) {
    if (!ends[n]) throw NoTemplate("what its forward saved outlives its backward");
  }
}

void check_inputs_kept(const UnitTemplate& forward, const UnitTemplate& made) {
  const auto check_one = [&](Reference storage) {
    const bool is_input = storage.kind() == Reference::Kind::external && storage.n() < forward.inputs.size();
    if (is_input && !forward.keeps_input[storage.n()]) throw NoTemplate("its backward uses an input that was not kept");
  };
  for (const auto& use : made.uses) check_one(use.storage);
  for (const auto& left : made.results) {
    if (left.has_storage) check_one(left.storage);
  }
}

// Results of the forward die at once, but for what somebody else holds.
void forget_results(Draft& draft, const UnitTemplate& forward, const BackwardExternals& externals, Tuple&& results) {
  for (size_t i = 0; i < forward.shared.size(); ++i) {
    if (externals.owns_shared[i]) continue;
    const Reference storage(Reference::Kind::own, forward.shared[i]);
    for (size_t j = 0; j < results.size(); ++j) {
      if (has_storage(forward.results[j], storage)) draft.hold(results[j].storage());
    }
  }
  results.clear();
}

Tuple run_backward(const CallKind& kind, SavedForward& saved, Tuple&& gradients) {
  return unit::execute({.unit = kind.unit,
                        .phase = Phase::backward,
                        .checkpoint = kind.checkpoint,
                        .arguments = std::move(gradients),
                        .saved = &saved});
}

void draft_forward(RankState& rank, c10::DeviceIndex device, const CallKind& kind, UnitTemplate& made) {
  Draft draft(rank, device);
  Tuple inputs = draft.stand_in(made.inputs, 0);
  draft.declare(state_of(*kind.unit, kind.unit->parameters()), static_cast<uint32_t>(made.inputs.size()));
  SavedForward saved;
  draft.begin_forward();
  const Tuple results = run_forward(kind, std::move(inputs), saved);
  draft.copy_nodes(made);
  for (const auto& result : results) made.results.push_back(draft.describe_left(result));
  sort_survivors(results, made);
  find_kept_inputs(draft, made);
}

void draft_backward(RankState& rank, c10::DeviceIndex device, const CallKind& kind, const UnitTemplate& forward,
                    const BackwardExternals& externals, UnitTemplate& made) {
  Draft draft(rank, device);
  const auto state = state_of(*kind.unit, kind.unit->parameters());
  std::vector<External> inputs = forward.inputs;
  for (size_t i = 0; i < inputs.size(); ++i) inputs[i].is_owned = externals.owns_input[i];
  const auto first_gradient = static_cast<uint32_t>(inputs.size());
  const auto first_state = static_cast<uint32_t>(first_gradient + externals.gradients.size());
  Tuple stand_ins = draft.stand_in(inputs, 0);
  draft.declare(state, first_state);
  SavedForward saved;
  draft.begin_forward();
  Tuple results = run_forward(kind, std::move(stand_ins), saved);
  draft.end_forward();
  forget_results(draft, forward, externals, std::move(results));
  Tuple gradients = draft.stand_in(externals.gradients, first_gradient);
  const StandInCells cells(*kind.unit, draft, externals.cells, static_cast<uint32_t>(first_state + state.size()));
  draft.begin_call();
  const Tuple given = run_backward(kind, saved, std::move(gradients));
  draft.copy_nodes(made);
  for (const auto& gradient : given) made.results.push_back(draft.describe_left(gradient));
  cells.describe_set(draft, made);
}

}  // namespace

std::vector<at::Tensor> state_of(const unit::Unit& unit, const std::vector<nn::Parameter*>& parameters) {
  std::vector<at::Tensor> state;
  for (const nn::Parameter* parameter : parameters) state.push_back(parameter->value);
  for (auto& buffer : unit.buffers()) state.push_back(std::move(buffer));
  return state;
}

UnitTemplate record_forward(RankState& rank, c10::DeviceIndex device, const CallKind& kind,
                            const std::vector<External>& inputs) {
  UnitTemplate made{.inputs = inputs};
  draft_forward(rank, device, kind, made);
  if (!rank.last_draft_was_closed()) throw NoTemplate("it keeps or frees tensors that are not its own");
  if (!kind.keep_for_backward && (!made.saved.empty() || !made.shared.empty()))
    throw NoTemplate("it keeps tensors though none are needed");
  made.make_index(/*num_forward=*/0);
  return made;
}

UnitTemplate record_backward(RankState& rank, c10::DeviceIndex device, const CallKind& kind,
                             const UnitTemplate& forward, const BackwardExternals& externals) {
  UnitTemplate made;
  draft_backward(rank, device, kind, forward, externals, made);
  if (!rank.last_draft_was_closed()) throw NoTemplate("it keeps or frees tensors that are not its own");
  check_backward(forward, made);
  check_inputs_kept(forward, made);
  made.make_index(forward.own.size());
  return made;
}

}  // namespace titan::sim
