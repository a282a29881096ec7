#include "sim/device/operators.h"

#include <unordered_map>

#include "sim/device/prices.h"
#include "sim/device/shapes.h"
#include "sim/device/workspaces.h"

namespace titan::sim {
namespace {

using Table = std::unordered_map<std::string_view, Operator>;

constexpr uint64_t argument(int index) { return uint64_t{1} << index; }

// To add an operator: a line here. Without `shapes` LibTorch's Meta kernel gives them, where it has one in C++;
// operators that work in place or return nothing need none.
const Table& table() {
  static const Table operators{
      // Matrix products.
      {"aten::mm", {.price = price_mm, .is_matmul = true}},
      {"aten::bmm", {.price = price_bmm, .is_matmul = true}},
      {"aten::addmm", {.price = price_addmm, .is_matmul = true}},
      {"aten::baddbmm", {.price = price_baddbmm, .is_matmul = true}},

      // Attention.
      {"titan::attention", {.shapes = shape_attention, .price = price_attention}},
      {"titan::attention_backward",
       {.shapes = shape_attention_backward,
        .price = price_attention_backward,
        .workspace = workspace_attention_backward}},

      // Fused operators of ours.
      {"titan::rms_norm", {.shapes = shape_rms_norm}},
      {"titan::add_rms_norm", {.shapes = shape_add_rms_norm}},
      {"titan::rms_norm_backward", {.shapes = shape_rms_norm_backward}},
      {"titan::rope", {.shapes = shape_contiguous_like_first}},
      {"titan::swiglu", {.shapes = shape_contiguous_like_first}},
      {"titan::swiglu_backward", {.shapes = shape_swiglu_backward}},
      {"titan::cross_entropy_rows", {.shapes = shape_cross_entropy_rows}},
      {"titan::cross_entropy_rows_backward", {.shapes = shape_cross_entropy_rows_backward}},

      // Normalisation.
      {"aten::_fused_rms_norm", {.shapes = shape_fused_rms_norm}},
      {"aten::_fused_rms_norm_backward", {.shapes = shape_fused_rms_norm_backward}},

      // Tables and labels.
      {"aten::index_select", {.shapes = shape_index_select, .price = price_index_select}},
      {"aten::embedding_dense_backward",
       {.shapes = shape_embedding_dense_backward, .workspace = workspace_embedding_dense_backward}},
      {"aten::gather", {.price = price_gather}},
      {"aten::scatter_add_", {.price = price_scatter_add}},
      {"aten::nll_loss_forward", {.price = price_nll_loss_forward}},
      {"aten::nll_loss_backward", {.price = price_nll_loss_backward}},
      {"aten::where", {.shapes = shape_where}},

      // Logic and what else has no Meta kernel.
      {"aten::logical_not", {.shapes = shape_logical}},
      {"aten::logical_or", {.shapes = shape_logical}},
      {"aten::logical_and", {.shapes = shape_logical}},
      {"aten::abs", {.shapes = shape_like_first}},

      // Plain writes.
      {"aten::copy_", {.price = price_copy, .overwrites = true, .copies = true}},
      {"aten::fill_", {.overwrites = true}},
      {"aten::zero_", {.overwrites = true}},

      // Optimizer: arguments 1 and 4 are written only with a gradient scaler and amsgrad.
      {"aten::_fused_adamw_", {.unwritten_arguments = argument(1) | argument(4)}},
      {"aten::_fused_adam_", {.unwritten_arguments = argument(1) | argument(4)}},
      {"aten::_foreach_norm", {.shapes = shape_foreach_norm, .workspace = workspace_foreach_norm}},
  };
  return operators;
}

}  // namespace

const Operator& find_operator_rules(std::string_view name) {
  static const Operator nothing_known, of_lists{.shapes = shape_foreach_like};
  const auto found = table().find(name);
  if (found != table().end()) return found->second;
  return name.starts_with("aten::_foreach_") ? of_lists : nothing_known;
}

}  // namespace titan::sim
