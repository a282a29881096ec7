#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/platform/platform.h"
#include "runtime/unit/saved_forward.h"
#include "runtime/unit/unit.h"
#include "runtime/unit/unit_call.h"
#include "runtime/unit/unit_sharding.h"

namespace titan::unit {

/// A dim of a unit's first output that is cut evenly over the ranks of a mesh axis.
struct ShardedDim {
  std::string axis;
  int64_t dim = 0;
};

/// A unit and how it is run.
struct RunnerUnit {
  std::unique_ptr<Unit> unit;
  std::shared_ptr<UnitSharding> sharding;  // null: the unit has no parameters; neighbours may share one
  std::shared_ptr<const recompute::SavePolicy> checkpoint;  // null: the unit does not run again in backward
  bool takes_targets = false;             // the microbatch's targets are appended to its inputs (loss)
  std::vector<ShardedDim> output_layout;  // how its outputs are cut over ranks, besides the batch
};

/// One microbatch: what enters the first unit and what the loss compares with.
struct Microbatch {
  Tuple inputs;
  Tuple targets;
};

/// What forward leaves for the backward of the same microbatch, one entry per unit.
struct Flight {
  std::vector<SavedForward> saved;
  size_t num_targets = 0;
};

/// The shards of the parameters of units[index], in their order.
std::vector<LocalShard*> shards_of(const std::vector<RunnerUnit>& units, size_t index);

/// Walks a run of units (a whole model or a pipeline stage) forward and backward: unshard, execute, reshard; later
/// unshard, backward, reduce. Units that share a sharding are a group: unsharded before the first of them that runs,
/// resharded and reduced after the last. The next group's unshard is under way while one computes. Autograd never sees
/// more than one unit.
class UnitRunner {
 public:
  /// Units that share a sharding must follow each other.
  UnitRunner(platform::Platform& platform, std::vector<RunnerUnit> units);

  /// Runs all units and keeps what backward needs. Returns the last unit's outputs. Several microbatches may be in
  /// flight.
  Tuple forward(Microbatch&& microbatch, Flight& flight);
  /// Runs all units backward from the gradients of forward's outputs, starts gradient reduction and returns the
  /// gradients of the first unit's inputs (undefined where they take none). `last_microbatch`: of this optimizer step.
  Tuple backward(Flight&& flight, Tuple&& output_gradients, bool last_microbatch);
  /// Waits (in stream order) until every shard's gradient is complete. Call once a step, after the last backward.
  void finish_gradients();

  /// Runs all units without keeping anything.
  Tuple evaluate(Microbatch&& microbatch);

  /// Calls `step` for each sharding as soon as its gradients are complete in the last microbatch, during backward (the
  /// optimizer step in backward).
  void on_unit_gradients(std::function<void(UnitSharding&)> step) { on_unit_gradients_ = std::move(step); }

  const std::vector<RunnerUnit>& units() const { return units_; }
  /// All shards in order of units and parameters.
  std::vector<LocalShard*> shards() const;

 private:
  Tuple run_forward(Microbatch&& microbatch, Flight* flight);
  platform::Scope attribute_memory(const RunnerUnit& one);
  Tuple execute_forward(size_t index, Tuple&& inputs, Flight* flight);
  Tuple execute_backward(size_t index, Tuple&& gradients, Flight& flight);
  void begin_unshard(int64_t index);
  void finish_step(size_t index);

  /// Units [begin, end) that share a sharding.
  struct Group {
    size_t begin = 0, end = 0;
  };

  platform::Platform& platform_;
  std::vector<RunnerUnit> units_;
  std::vector<Group> group_of_;  // by unit
  std::function<void(UnitSharding&)> on_unit_gradients_;
};

}  // namespace titan::unit
