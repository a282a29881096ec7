#include "runtime/parallel/fsdp/reduce_buffer.h"

#include "runtime/parallel/fsdp/buffer_part.h"

namespace titan::parallel {
namespace {

// Rank by rank where the rows do not fill num_ranks chunks.
void copy_in_uneven(const ShardedParameter& one, const at::Tensor& gradient, const at::Tensor& chunks, int num_ranks) {
  const int64_t chunk_rows = one.chunk_numel / one.row_numel;
  const at::Tensor rows = gradient.reshape({one.rows, one.row_numel});
  for (int rank = 0; rank < num_ranks; ++rank) {
    const at::Tensor chunk = chunks.select(0, rank);
    const int64_t filled = one.rows_of(rank) * one.row_numel;
    if (filled > 0) {
      chunk.narrow(0, 0, filled).copy_(rows.narrow(0, rank * chunk_rows, one.rows_of(rank)).reshape({filled}));
    }
    if (filled < one.chunk_numel) chunk.narrow(0, filled, one.chunk_numel - filled).zero_();
  }
}

}  // namespace

ReduceLayout lay_out_reduce(std::vector<ShardedParameter>& parameters) {
  ReduceLayout layout;
  for (const bool partial : {true, false}) {
    for (auto& one : parameters) {
      if (one.parameter->grad_is_partial != partial) continue;
      one.reduce_offset = layout.part_numel;
      layout.part_numel += one.chunk_numel;
    }
    if (partial) layout.partial_numel = layout.part_numel;
  }
  return layout;
}

void copy_in_gradients(std::vector<ShardedParameter>& parameters, const at::Tensor& buffer, int num_ranks) {
  const int64_t part_numel = buffer.numel() / num_ranks;
  for (auto& one : parameters) {
    const at::Tensor chunks =
        buffer_part(buffer, buffer.scalar_type(), one.reduce_offset, {num_ranks, one.chunk_numel}, {part_numel, 1});
    const at::Tensor gradient = std::move(one.parameter->grad);
    one.parameter->grad.reset();
    if (!gradient.defined()) {
      chunks.zero_();
    } else if (one.rows * one.row_numel == num_ranks * one.chunk_numel) {
      chunks.copy_(gradient.view({num_ranks, one.chunk_numel}));
    } else {
      copy_in_uneven(one, gradient, chunks, num_ranks);
    }
  }
}

void view_gradients(std::vector<ShardedParameter>& parameters, const at::Tensor& part) {
  for (auto& one : parameters) {
    const at::Tensor& value = one.shard.value;
    one.shard.grad = buffer_part(part, part.scalar_type(), part.storage_offset() + one.reduce_offset, value.sizes());
  }
}

}  // namespace titan::parallel
