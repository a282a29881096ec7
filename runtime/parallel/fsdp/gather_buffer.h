#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "runtime/parallel/fsdp/sharded_parameter.h"

namespace titan::parallel {

/// Lays the parameters' chunks out in one rank's part of a byte buffer, each at a multiple of 16 bytes, and sets their
/// gather_offset_bytes. Returns the size of that part in bytes.
int64_t lay_out_gather(std::vector<ShardedParameter>& parameters);

/// Copies a shard into memory of the device, casting there: what is in host memory crosses the link as it is stored.
/// Does not wait for the link where the memory is pinned.
void load(const at::Tensor& shard, const at::Tensor& to);

/// Copies the local shards into `send` (bytes of one part), casting to each parameter's wire type; padding is zero.
void copy_in_shards(const std::vector<ShardedParameter>& parameters, const at::Tensor& send);

/// Copies gathered parts (`received`: num_ranks parts of bytes) into the parameters' unsharded storage, which is
/// allocated here.
void copy_out_unsharded(std::vector<ShardedParameter>& parameters, const at::Tensor& received, int num_ranks);

}  // namespace titan::parallel
