#include "validate/divergence/lockstep_rank.h"

#include <ATen/TensorOperators.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <iostream>
#include <limits>

#include "runtime/train/non_finite_error.h"
#include "runtime/train/train_step.h"
#include "validate/divergence/explain.h"
#include "validate/divergence/synthetic_batch.h"

namespace titan::validate {
namespace {

constexpr int64_t kAfterAll = std::numeric_limits<int64_t>::max();  // later than any microbatch

double epsilon_of(c10::ScalarType dtype) {
  if (dtype == c10::kDouble) return std::numeric_limits<double>::epsilon();
  if (dtype == c10::kFloat) return std::numeric_limits<float>::epsilon();
  return 1.0 / 128;  // bfloat16: 8 significant bits
}

std::unique_ptr<platform::Platform> disturb(const DivergenceOptions& options, platform::Platform& platform) {
  return options.hooks.decorate ? options.hooks.decorate(platform) : nullptr;
}

template <class Map>
typename Map::mapped_type find_or_none(const Map& map, const std::string& name) {
  const auto found = map.find(name);
  return found == map.end() ? typename Map::mapped_type() : found->second;
}

std::string numbered(const std::string& name, size_t index) {
  return index == 0 ? name : name + "[" + std::to_string(index) + "]";
}

}  // namespace

LockstepRank::LockstepRank(const DivergenceOptions& options, platform::Platform& platform, RankFindings& findings)
    : options_(options),
      tolerance_{.relative = options.tolerance, .epsilon = epsilon_of(options.dtype)},
      quiet_(std::cout, {.quiet = true}),
      disturbed_(disturb(options, platform)),
      observing_(disturbed_ ? *disturbed_ : platform),
      findings_(findings) {
  session_ =
      std::make_unique<train::Session>(train::SessionInputs{.config = options.config,
                                                            .model = options.model,
                                                            .platform = observing_,
                                                            .log = quiet_,
                                                            .uniform_dtype = options.dtype,
                                                            .fsdp_blocks_per_unit = options.fsdp_blocks_per_unit});
  if (options.hooks.after_build) options.hooks.after_build(*session_);
}

void LockstepRank::compare_initial(const ReferenceStep& reference) {
  reference_ = &reference;
  compare_parameters(Stage::initialisation);
}

std::exception_ptr LockstepRank::run_step(int64_t step, const ReferenceStep& reference) {
  reference_ = &reference;
  step_ = step;
  findings_.growth.clear();
  for (const auto& one : session_->runner().units()) findings_.growth.push_back({.unit = label(*one.unit)});
  const int64_t count = session_->batch_rules().per_rank();
  const auto global =
      synthetic_batch(step, global_rows(), options_.config.training.seq_len, options_.model.dims.vocab_size);
  try {
    run_and_compare(rows(global, session_->batch_rank() * count, count), step);
  } catch (const train::NonFiniteError&) {  // on every rank
    observing_.observe(nullptr);
    return std::current_exception();
  }
  return nullptr;
}

void LockstepRank::run_and_compare(const data::Batch& batch, int64_t step) {
  const double lr = options_.config.optimizer.lr;
  observing_.observe([this](const UnitResult& result) { compare_unit(result); });
  train::StepResult outcome = train::accumulate_gradients(*session_, batch, step, lr);
  observing_.observe(nullptr);
  if (!options_.config.optimizer.early_step_in_backward) {
    compare_gradients();
    train::clip_gradients(*session_, outcome, step);
    compare_norm(outcome.grad_norm);
    session_->optimizer().step(lr);
  }
  if (options_.hooks.after_update) options_.hooks.after_update(*session_, step);
  compare_parameters(Stage::optimizer);
  session_->optimizer().zero_grad();
}

// The reference is one rank, so its microbatches are those of all data-parallel ranks, one rank's after the other's.
void LockstepRank::compare_unit(const UnitResult& result) {
  const bool is_forward = result.phase == unit::Phase::forward;
  const auto& all = is_forward ? reference_->outputs : reference_->input_gradients;
  const int64_t microbatch = session_->batch_rank() * session_->batch_rules().accumulation + result.microbatch;
  const auto expected = find_or_none(all.at(static_cast<size_t>(microbatch)), label(result.unit));
  const auto index = static_cast<int64_t>(unit_index(result.unit));
  const auto num_units = static_cast<int64_t>(session_->runner().units().size());
  const auto at_or_none = [](const unit::Tuple& list, size_t i) { return i < list.size() ? list[i] : at::Tensor(); };
  for (size_t i = 0; i < std::max(expected.size(), result.tensors.size()); ++i) {
    compare_layout(result, i, at_or_none(expected, i),
                   {.stage = is_forward ? Stage::forward : Stage::backward,
                    .microbatch = result.microbatch,
                    .unit = label(result.unit),
                    .tensor = numbered(is_forward ? "output" : "input gradient", i),
                    .actual = at_or_none(result.tensors, i),
                    .order = {result.microbatch, is_forward ? 0 : 1, is_forward ? index : num_units - index, 0,
                              static_cast<int64_t>(i)}});
  }
}

// Cuts this rank's part out of the reference's tensor, and what fills the sequence up out of this rank's.
void LockstepRank::compare_layout(const UnitResult& result, size_t index, const at::Tensor& reference, Pair&& pair) {
  pair.reference = reference;
  if (!pair.actual.defined() || !reference.defined()) return compare_pair(pair);
  const auto layout = index == 0 ? layout_of(result) : std::vector<unit::ShardedDim>();
  for (int64_t dim = 0; dim < reference.dim(); ++dim) {
    const auto cut = std::find_if(layout.begin(), layout.end(), [dim](const auto& one) { return one.dim == dim; });
    const int64_t mine = pair.actual.size(dim), whole = reference.size(dim);
    const int64_t begin = cut == layout.end() ? 0 : std::min(session_->mesh().rank(cut->axis) * mine, whole);
    const int64_t real = std::min(mine, whole - begin);
    pair.actual = pair.actual.narrow(dim, 0, real);
    pair.reference = pair.reference.narrow(dim, begin, real);
  }
  compare_pair(pair);
}

// A unit's inputs lie as the outputs of the unit before it.
std::vector<unit::ShardedDim> LockstepRank::layout_of(const UnitResult& result) const {
  const auto& units = session_->runner().units();
  const size_t index = unit_index(result.unit);
  if (result.phase == unit::Phase::forward) return units[index].output_layout;
  return index == 0 ? std::vector<unit::ShardedDim>() : units[index - 1].output_layout;
}

void LockstepRank::compare_gradients() {
  const auto& units = session_->runner().units();
  const int64_t last = session_->batch_rules().accumulation - 1;
  for (size_t i = 0; i < units.size(); ++i) {
    int64_t number = 0;
    for (const auto* shard : unit::shards_of(units, i)) {
      compare_shard(*shard, shard->grad, find_or_none(reference_->gradients, shard->name),
                    {.stage = Stage::backward,
                     .microbatch = last,
                     .unit = label(*units[i].unit),
                     .tensor = shard->name + " gradient",
                     .order = {last, 1, static_cast<int64_t>(units.size() - i), 1, number++}});
    }
  }
}

void LockstepRank::compare_norm(const at::Tensor& norm) {
  compare_pair({.stage = Stage::clip,
                .microbatch = -1,
                .tensor = "gradient norm",
                .actual = norm,
                .reference = reference_->grad_norm,
                .order = {kAfterAll, 0, 0, 0, 0}});
}

void LockstepRank::compare_parameters(Stage stage) {
  const auto& units = session_->runner().units();
  for (size_t i = 0; i < units.size(); ++i) {
    int64_t number = 0;
    for (const auto* shard : unit::shards_of(units, i)) {
      compare_shard(
          *shard, shard->value, find_or_none(reference_->parameters, shard->name),
          {.stage = stage,
           .microbatch = -1,
           .unit = label(*units[i].unit),
           .tensor = shard->name + " value",
           .order = {stage == Stage::initialisation ? -1 : kAfterAll, 1, static_cast<int64_t>(i), 0, number++}});
    }
  }
}

void LockstepRank::compare_shard(const unit::LocalShard& shard, const at::Tensor& value, const at::Tensor& whole,
                                 Pair&& pair) {
  const auto& box = shard.spec.box;
  if (box.numel() == 0) return;
  pair.actual = value;
  pair.reference = whole;
  for (size_t dim = 0; whole.defined() && dim < box.size.size(); ++dim) {
    pair.reference = pair.reference.narrow(static_cast<int64_t>(dim), box.offset[dim], box.size[dim]);
  }
  compare_pair(pair);
}

void LockstepRank::compare_pair(const Pair& pair) {
  if (!pair.actual.defined() && !pair.reference.defined()) return;
  if (!pair.actual.defined() || !pair.reference.defined()) {
    note(pair, {.error = std::numeric_limits<double>::infinity()});
    return keep_first(pair, {.mismatch = pair.actual.defined() ? Mismatch::unexpected : Mismatch::missing,
                             .error = std::numeric_limits<double>::infinity()});
  }
  const auto scale = reference_->scale.find(pair.stage);
  const double size = scale == reference_->scale.end() ? 0.0 : scale->second;
  const Difference difference = compare(pair.actual, pair.reference, size, tolerance_, observing_);
  note(pair, difference);
  if (difference.error <= tolerance_.relative) return;
  keep_first(pair, {.error = difference.error,
                    .index = difference.index,
                    .value = difference.value,
                    .reference = difference.reference,
                    .hint = explain(pair.actual, pair.reference, session_->mesh(), observing_)});
}

void LockstepRank::keep_first(const Pair& pair, const Divergence& found) {
  if (findings_.first && findings_.first->order <= pair.order) return;
  findings_.first = found;
  findings_.first->step = step_;
  findings_.first->microbatch = pair.microbatch;
  findings_.first->stage = pair.stage;
  findings_.first->unit = pair.unit;
  findings_.first->tensor = pair.tensor;
  findings_.first->rank = observing_.world().rank;
  findings_.first->order = pair.order;
}

void LockstepRank::note(const Pair& pair, const Difference& difference) {
  ++findings_.num_tensors;
  if (difference.error >= findings_.largest_error) {
    findings_.largest_error = difference.error;
    findings_.largest_where = pair.unit.empty() ? pair.tensor : pair.unit + " " + name_of(pair.stage);
  }
  for (auto& unit : findings_.growth) {
    if (unit.unit != pair.unit) continue;
    double& error = pair.stage == Stage::forward    ? unit.forward
                    : pair.stage == Stage::backward ? unit.backward
                                                    : unit.update;
    error = std::max(error, difference.error);
  }
}

size_t LockstepRank::unit_index(const unit::Unit& unit) const {
  const auto& units = session_->runner().units();
  const auto found = std::find_if(units.begin(), units.end(), [&](const auto& one) { return one.unit.get() == &unit; });
  TORCH_CHECK(found != units.end(), "LockstepRank: a unit of another session: name=", label(unit));
  return static_cast<size_t>(found - units.begin());
}

}  // namespace titan::validate
