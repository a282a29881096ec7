#pragma once

#include <vector>

#include "sim/device/op_call.h"

/// Rules of operators.cpp: shapes of operators without a Meta kernel in C++, or whose Meta kernel would take a list
/// apart.
namespace titan::sim {

std::vector<TensorLayout> shape_index_select(const OpCall& call);
std::vector<TensorLayout> shape_embedding_dense_backward(const OpCall& call);
std::vector<TensorLayout> shape_fused_rms_norm(const OpCall& call);
std::vector<TensorLayout> shape_fused_rms_norm_backward(const OpCall& call);
/// where(condition, self, other), broadcast.
std::vector<TensorLayout> shape_where(const OpCall& call);
/// One result per tensor of the first list, each like it.
std::vector<TensorLayout> shape_foreach_like(const OpCall& call);
/// One number per tensor of the first list.
std::vector<TensorLayout> shape_foreach_norm(const OpCall& call);
/// Comparisons and logic: bool, like the first argument.
std::vector<TensorLayout> shape_logical(const OpCall& call);
/// Like the first argument.
std::vector<TensorLayout> shape_like_first(const OpCall& call);

// Ours (runtime/ops/register_operators.cpp).
std::vector<TensorLayout> shape_attention(const OpCall& call);
std::vector<TensorLayout> shape_attention_backward(const OpCall& call);
std::vector<TensorLayout> shape_rms_norm(const OpCall& call);
std::vector<TensorLayout> shape_add_rms_norm(const OpCall& call);
std::vector<TensorLayout> shape_rms_norm_backward(const OpCall& call);
std::vector<TensorLayout> shape_contiguous_like_first(const OpCall& call);
std::vector<TensorLayout> shape_swiglu_backward(const OpCall& call);
std::vector<TensorLayout> shape_cross_entropy_rows(const OpCall& call);
std::vector<TensorLayout> shape_cross_entropy_rows_backward(const OpCall& call);

}  // namespace titan::sim
