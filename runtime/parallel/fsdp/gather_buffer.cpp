#include "runtime/parallel/fsdp/gather_buffer.h"

#include <c10/core/ScalarType.h>

namespace titan::parallel {
namespace {

constexpr int64_t kAlignmentBytes = 16;  // widest vector load that copy kernels use per element group

int64_t align(int64_t num_bytes) { return (num_bytes + kAlignmentBytes - 1) / kAlignmentBytes * kAlignmentBytes; }

int64_t wire_bytes(const ShardedParameter& one) {
  return one.chunk_numel * static_cast<int64_t>(c10::elementSize(one.transport.wire));
}

}  // namespace

int64_t lay_out_gather(std::vector<ShardedParameter>& parameters) {
  int64_t offset = 0;
  for (auto& one : parameters) {
    one.gather_offset_bytes = offset;
    offset += align(wire_bytes(one));
  }
  return offset;
}

void load(const at::Tensor& shard, const at::Tensor& to) {
  const bool stays = shard.device() == to.device() || shard.scalar_type() == to.scalar_type();
  to.copy_(stays ? shard : shard.to(to.device(), shard.scalar_type(), /*non_blocking=*/true), /*non_blocking=*/true);
}

void copy_in_shards(const std::vector<ShardedParameter>& parameters, const at::Tensor& send) {
  for (const auto& one : parameters) {
    const at::Tensor& value = one.shard.value;
    const at::Tensor chunk = send.narrow(0, one.gather_offset_bytes, wire_bytes(one)).view(one.transport.wire);
    const int64_t padding = one.chunk_numel - value.numel();
    if (value.numel() > 0) load(value.view({-1}), chunk.narrow(0, 0, value.numel()));
    if (padding > 0) chunk.narrow(0, value.numel(), padding).zero_();
  }
}

void copy_out_unsharded(std::vector<ShardedParameter>& parameters, const at::Tensor& received, int num_ranks) {
  const at::Tensor parts = received.view({num_ranks, -1});
  for (auto& one : parameters) {
    one.unsharded.allocate(num_ranks * one.chunk_numel);
    const at::Tensor chunks = parts.narrow(1, one.gather_offset_bytes, wire_bytes(one)).view(one.transport.wire);
    one.unsharded.alias({num_ranks, one.chunk_numel}).copy_(chunks);
  }
}

}  // namespace titan::parallel
