#include "sim/device/shapes.h"

#include <ATen/ExpandUtils.h>
#include <ATen/WrapDimUtils.h>

namespace titan::sim {
namespace {

// The element type of sums over elements of `dtype`.
at::ScalarType math_dtype(at::ScalarType dtype) { return dtype == at::kDouble ? at::kDouble : at::kFloat; }

TensorLayout contiguous_like(const at::Tensor& tensor) {
  return contiguous(tensor.sizes().vec(), tensor.scalar_type());
}

TensorLayout logsumexp_of(const at::Tensor& q_BHSD) {
  return contiguous({q_BHSD.size(0), q_BHSD.size(1), q_BHSD.size(2)}, math_dtype(q_BHSD.scalar_type()));
}

/// Heads inside tokens: the memory order [B, S, H, D] that the library's attention kernels give to what they return.
TensorLayout heads_inside_tokens(const at::Tensor& x_BHSD) {
  const int64_t heads = x_BHSD.size(1), length = x_BHSD.size(2), dim = x_BHSD.size(3);
  return {.sizes = x_BHSD.sizes().vec(),
          .strides = {length * heads * dim, dim, heads * dim, 1},
          .dtype = x_BHSD.scalar_type()};
}

}  // namespace

std::vector<TensorLayout> shape_index_select(const OpCall& call) {
  const auto& self = call.tensor(0);
  auto sizes = self.sizes().vec();
  if (!sizes.empty()) sizes[at::maybe_wrap_dim(call.integer(1), self.dim())] = call.tensor(2).numel();
  return {contiguous(std::move(sizes), self.scalar_type())};
}

std::vector<TensorLayout> shape_embedding_dense_backward(const OpCall& call) {
  const auto& grad = call.tensor(0);
  return {contiguous({call.integer(2), grad.size(-1)}, grad.scalar_type())};
}

std::vector<TensorLayout> shape_fused_rms_norm(const OpCall& call) {
  const auto& x = call.tensor(0);
  auto rows = x.sizes().vec();
  const auto num_normalized = call.integers(1).size();
  for (size_t i = 0; i < num_normalized; ++i) rows[rows.size() - 1 - i] = 1;
  return {contiguous_like(x), contiguous(std::move(rows), math_dtype(x.scalar_type()))};
}

std::vector<TensorLayout> shape_fused_rms_norm_backward(const OpCall& call) {
  const auto mask = call.flags(5);
  return {mask[0] ? contiguous_like(call.tensor(1)) : TensorLayout(),
          mask[1] && call.has_tensor(4) ? contiguous_like(call.tensor(4)) : TensorLayout()};
}

std::vector<TensorLayout> shape_where(const OpCall& call) {
  const auto &condition = call.tensor(0), &a = call.tensor(1), &b = call.tensor(2);
  const auto sizes = at::infer_size(at::infer_size(condition.sizes(), a.sizes()), b.sizes());
  return {contiguous(sizes, a.dim() > 0 || b.dim() == 0 ? a.scalar_type() : b.scalar_type())};
}

std::vector<TensorLayout> shape_foreach_like(const OpCall& call) {
  std::vector<TensorLayout> layouts;
  for (const auto& tensor : call.tensors(0)) layouts.push_back(like(tensor));
  return layouts;
}

std::vector<TensorLayout> shape_foreach_norm(const OpCall& call) {
  std::vector<TensorLayout> layouts;
  for (const auto& tensor : call.tensors(0)) layouts.push_back(contiguous({}, tensor.scalar_type()));
  return layouts;
}

std::vector<TensorLayout> shape_logical(const OpCall& call) { return {like(call.tensor(0), at::kBool)}; }

std::vector<TensorLayout> shape_like_first(const OpCall& call) { return {like(call.tensor(0))}; }

std::vector<TensorLayout> shape_attention(const OpCall& call) {
  return {heads_inside_tokens(call.tensor(0)), logsumexp_of(call.tensor(0))};
}

std::vector<TensorLayout> shape_attention_backward(const OpCall& call) {
  return {heads_inside_tokens(call.tensor(1)), heads_inside_tokens(call.tensor(2)),
          heads_inside_tokens(call.tensor(3))};
}

std::vector<TensorLayout> shape_rms_norm(const OpCall& call) {
  const auto &x = call.tensor(0), &weight = call.tensor(1);
  const int64_t num_rows = weight.numel() == 0 ? 0 : x.numel() / weight.numel();
  return {contiguous_like(x), contiguous({num_rows}, math_dtype(x.scalar_type()))};
}

std::vector<TensorLayout> shape_add_rms_norm(const OpCall& call) {
  const auto &x = call.tensor(0), &weight = call.tensor(2);
  const int64_t num_rows = weight.numel() == 0 ? 0 : x.numel() / weight.numel();
  return {contiguous_like(x), contiguous_like(x), contiguous({num_rows}, math_dtype(x.scalar_type()))};
}

std::vector<TensorLayout> shape_rms_norm_backward(const OpCall& call) {
  return {contiguous_like(call.tensor(2)), contiguous_like(call.tensor(3))};
}

std::vector<TensorLayout> shape_contiguous_like_first(const OpCall& call) { return {contiguous_like(call.tensor(0))}; }

std::vector<TensorLayout> shape_swiglu_backward(const OpCall& call) {
  return {contiguous_like(call.tensor(1)), contiguous_like(call.tensor(2))};
}

std::vector<TensorLayout> shape_cross_entropy_rows(const OpCall& call) {
  const auto sizes = call.tensor(1).sizes().vec();
  return {contiguous(sizes, at::kDouble), contiguous(sizes, at::kDouble)};
}

std::vector<TensorLayout> shape_cross_entropy_rows_backward(const OpCall& call) {
  return {contiguous_like(call.tensor(1))};
}

}  // namespace titan::sim
