#pragma once

#include <cstddef>
#include <vector>

#include "runtime/unit/local_shard.h"

namespace titan::unit {

/// Keeps the parameters of a unit, or of several that follow each other, between uses and brings their gradients
/// together over the data-parallel ranks. All ranks of a mesh axis make the same calls in the same order. begin_* start
/// communication and return; finish_* order the compute stream after it.
class UnitSharding {
 public:
  virtual ~UnitSharding() = default;

  /// Starts to make the parameters' values whole. Does nothing if they are or if it is under way.
  virtual void begin_unshard() = 0;
  /// Values may be read on the compute stream from here on.
  virtual void finish_unshard() = 0;
  /// Frees what unshard allocated. Values must not be read until the next finish_unshard.
  virtual void reshard() = 0;
  /// Tells whether values are freed between forward and backward.
  virtual bool reshard_after_forward() const = 0;

  /// Takes the parameters' gradients of one microbatch and starts their reduction. Reductions that can wait for the
  /// step's last microbatch (over replicas) do.
  virtual void begin_reduce(bool last_microbatch) = 0;
  /// After how many more begin_reduce of other shardings, each behind a backward of its own, the reduction is over in
  /// all likelihood: until then finish_reduce would make the compute stream wait for it.
  virtual size_t reduction_lag() const = 0;
  /// After the last microbatch: shards' gradients are complete on the compute stream from here on.
  virtual void finish_reduce() = 0;

  /// One shard for each parameter, in the order of units and of their parameters.
  virtual std::vector<LocalShard*> shards() = 0;
};

}  // namespace titan::unit
