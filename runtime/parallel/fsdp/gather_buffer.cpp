#include "runtime/parallel/fsdp/gather_buffer.h"

#include <c10/core/ScalarType.h>

#include "runtime/parallel/fsdp/buffer_part.h"

namespace titan::parallel {
namespace {

constexpr int64_t kAlignmentBytes = 16;  // widest vector load that copy kernels use per element group

int64_t align(int64_t num_bytes) { return (num_bytes + kAlignmentBytes - 1) / kAlignmentBytes * kAlignmentBytes; }

int64_t element_bytes(const ShardedParameter& one) {
  return static_cast<int64_t>(c10::elementSize(one.transport.wire));
}
int64_t wire_bytes(const ShardedParameter& one) { return one.chunk_numel * element_bytes(one); }
int64_t first_element(const ShardedParameter& one) { return one.gather_offset_bytes / element_bytes(one); }

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
    const auto wire = one.transport.wire;
    const int64_t first = first_element(one), filled = value.numel(), padding = one.chunk_numel - filled;
    if (filled > 0) {
      load(buffer_part(value, value.scalar_type(), value.storage_offset(), {filled}),
           buffer_part(send, wire, first, {filled}));
    }
    if (padding > 0) buffer_part(send, wire, first + filled, {padding}).zero_();
  }
}

void copy_out_unsharded(std::vector<ShardedParameter>& parameters, const at::Tensor& received, int num_ranks) {
  const int64_t part_bytes = received.numel() / num_ranks;
  for (auto& one : parameters) {
    one.unsharded.allocate(num_ranks * one.chunk_numel);
    const at::Tensor chunks = buffer_part(received, one.transport.wire, first_element(one),
                                          {num_ranks, one.chunk_numel}, {part_bytes / element_bytes(one), 1});
    one.unsharded.alias({num_ranks, one.chunk_numel}).copy_(chunks);
  }
}

}  // namespace titan::parallel
