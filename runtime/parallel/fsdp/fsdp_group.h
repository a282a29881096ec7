#pragma once

#include "runtime/comm/communicator.h"
#include "runtime/platform/platform.h"
#include "runtime/unit/dtype_policy.h"

namespace titan::parallel {

class FsdpUnit;

/// What all FSDP units of one rank share: communicators, streams and the order between them.
struct FsdpGroup {
  platform::Platform& platform;
  comm::Communicator& shard;             // ranks that hold different shards; size 1: nothing is sharded (DDP, one rank)
  comm::Communicator& replicate;         // ranks that hold the same shards; size 1: no replicas
  comm::Communicator* tensor = nullptr;  // ranks whose gradients of partial parameters add up, if there are any
  unit::DtypePolicy dtypes;
  bool cpu_offload = false;  // shards, gradients and optimizer state live in host memory, and the host updates them

  platform::Event last_copy_out = nullptr;  // the gather buffer before the next one is free after it
  bool shards_changed = true;               // since the last gather: it must come after the compute stream
  FsdpUnit* reducing = nullptr;             // its reduce-scatter is under way, its replica sum has not been started
};

}  // namespace titan::parallel
