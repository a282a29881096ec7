#pragma once

#include <ATen/core/Tensor.h>

#include "runtime/nn/parameter.h"
#include "runtime/parallel/fsdp/transport.h"
#include "runtime/parallel/fsdp/unsharded_storage.h"
#include "runtime/unit/local_shard.h"

namespace titan::parallel {

/// One parameter of an FSDP unit: its shard, its unsharded memory and its place in the unit's buffers. Sharding is
/// along dim 0 in chunks of ceil(rows / ranks); the last chunks may be short or empty and are padded in transit.
struct ShardedParameter {
  nn::Parameter* parameter = nullptr;
  unit::LocalShard shard;
  Transport transport;
  UnshardedStorage unsharded;

  int64_t rows = 0;                 // of the unsharded parameter
  int64_t row_numel = 0;            // elements in one row
  int64_t chunk_numel = 0;          // elements of one padded chunk
  int64_t gather_offset_bytes = 0;  // of the chunk in one rank's part of the gather buffer
  int64_t reduce_offset = 0;        // of the chunk in one rank's part of the reduce buffer, in elements

  /// Rows held by `rank` (0 where the padding begins).
  int64_t rows_of(int rank) const;
};

}  // namespace titan::parallel
