#include "runtime/nn/attention.h"

#include <cmath>

#include "runtime/ops/attention.h"
#include "runtime/ops/fused/rope.h"
#include "runtime/ops/rope.h"

// Shapes: B batch, S sequence, E model width, H query heads, K key/value heads, D head size; H and K as local to this
// rank.

namespace titan::nn {
namespace {

at::Tensor split_heads(const at::Tensor& x_BSE, int64_t head_dim) { return x_BSE.unflatten(-1, {-1, head_dim}); }

}  // namespace

Attention::Attention(Module* parent, const std::string& name, const AttentionOptions& options)
    : Module(parent, name),
      head_dim_(options.head_dim),
      repeats_key_heads_(options.repeats_key_heads),
      wq_(this, "wq", options.dim, options.num_heads * options.head_dim, options.init_in),
      wk_(this, "wk", options.dim, options.num_kv_heads * options.head_dim, options.init_in),
      wv_(this, "wv", options.dim, options.num_kv_heads * options.head_dim, options.init_in),
      wo_(this, "wo", options.num_heads * options.head_dim, options.dim, options.init_out) {}

at::Tensor Attention::forward(const at::Tensor& x_BSE, const at::Tensor& rotary_table) const {
  const auto in_BSE = enter(x_BSE);
  const auto rotate = is_fused() ? ops::fused_rope : ops::rope;
  const auto q_BSHD = rotate(split_heads(wq_.forward(in_BSE), head_dim_), rotary_table);
  const int64_t num_heads = q_BSHD.size(2);
  const auto k_BSKD = per_query_head(rotate(split_heads(wk_.forward(in_BSE), head_dim_), rotary_table), num_heads);
  const auto v_BSKD = per_query_head(split_heads(wv_.forward(in_BSE), head_dim_), num_heads);
  const double scale = 1.0 / std::sqrt(static_cast<double>(head_dim_));
  const auto out_BHSD = ops::attention(q_BSHD.transpose(1, 2), k_BSKD.transpose(1, 2), v_BSKD.transpose(1, 2),
                                       /*causal=*/true, scale)
                            .out_BHSD;
  return leave(wo_.forward(out_BHSD.transpose(1, 2).flatten(2)));
}

at::Tensor Attention::per_query_head(const at::Tensor& x_BSKD, int64_t num_heads) const {
  if (!repeats_key_heads_ || x_BSKD.size(2) == num_heads) return x_BSKD;
  return x_BSKD.unsqueeze(3).expand({-1, -1, -1, num_heads / x_BSKD.size(2), -1}).flatten(2, 3);
}

}  // namespace titan::nn
