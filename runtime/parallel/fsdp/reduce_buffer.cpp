#include "runtime/parallel/fsdp/reduce_buffer.h"

#include "runtime/parallel/fsdp/buffer_part.h"

namespace titan::parallel {
namespace {

// Where the rows do not fill num_ranks chunks: whole chunks at once, the one that they end in, zeros.
void copy_in_uneven(const ShardedParameter& one, const at::Tensor& gradient, const at::Tensor& chunks, int num_ranks) {
  const int64_t chunk_rows = one.chunk_numel / one.row_numel;
  const at::Tensor all = gradient.reshape({one.rows * one.row_numel});
  const int64_t num_whole = one.rows / chunk_rows, whole_numel = num_whole * one.chunk_numel;
  const int64_t rest = all.numel() - whole_numel;
  if (num_whole > 0) {
    chunks.narrow(0, 0, num_whole).copy_(all.narrow(0, 0, whole_numel).view({num_whole, one.chunk_numel}));
  }
  if (rest > 0) {
    const at::Tensor last = chunks.select(0, num_whole);
    last.narrow(0, 0, rest).copy_(all.narrow(0, whole_numel, rest));
    last.narrow(0, rest, one.chunk_numel - rest).zero_();
  }
  const int64_t num_begun = num_whole + (rest > 0 ? 1 : 0);
  if (num_begun < num_ranks) chunks.narrow(0, num_begun, num_ranks - num_begun).zero_();
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
