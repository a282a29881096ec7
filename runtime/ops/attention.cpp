#include "runtime/ops/attention.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

#include "runtime/ops/attention_cpu.h"
#include "runtime/ops/find_operator.h"
#include "runtime/recompute/interceptor.h"

namespace titan::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Two products over all pairs of query and key, half of them where later keys are hidden.
recompute::OpCall describe(const at::Tensor& q, const at::Tensor& k, bool causal) {
  const double products = 4.0 * static_cast<double>(q.numel()) * static_cast<double>(k.size(2));
  return {.kind = recompute::OpKind::attention, .flops = causal ? products / 2.0 : products};
}

struct Attention : torch::autograd::Function<Attention> {
  static variable_list forward(AutogradContext* ctx, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                               bool causal, double scale) {
    static const auto op = find_operator("titan::attention").typed<decltype(attention_cpu)>();
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const auto outputs = recompute::run(describe(q, k, causal), [&]() -> recompute::Tensors {
      auto [out, logsumexp] = op.call(q, k, v, causal, scale);
      return {std::move(out), std::move(logsumexp)};
    });
    const auto &out = outputs.at(0), &logsumexp = outputs.at(1);
    ctx->mark_non_differentiable({logsumexp});
    ctx->set_materialize_grads(false);
    ctx->save_for_backward({q, k, v, out, logsumexp});
    ctx->saved_data["causal"] = causal;
    ctx->saved_data["scale"] = scale;
    return {out, logsumexp};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    static const auto op = find_operator("titan::attention_backward").typed<decltype(attention_backward_cpu)>();
    if (!grads[0].defined()) return variable_list(5);
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const auto saved = ctx->get_saved_variables();
    auto [grad_q, grad_k, grad_v] = op.call(grads[0], saved[0], saved[1], saved[2], saved[3], saved[4],
                                            ctx->saved_data["causal"].toBool(), ctx->saved_data["scale"].toDouble());
    return {grad_q, grad_k, grad_v, at::Tensor(), at::Tensor()};
  }
};

void check_shapes(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal) {
  TORCH_CHECK(q.dim() == 4 && k.dim() == 4, "attention: q, k and v must have 4 dims: q=", q.sizes(), " k=", k.sizes(),
              " v=", v.sizes());
  TORCH_CHECK(k.sizes() == v.sizes() && q.size(0) == k.size(0) && q.size(3) == k.size(3),
              "attention: k and v must have one shape, and q its batch and head sizes: q=", q.sizes(), " k=", k.sizes(),
              " v=", v.sizes());
  TORCH_CHECK(k.size(1) > 0 && q.size(1) % k.size(1) == 0,
              "attention: query heads must be a multiple of key heads: q=", q.sizes(), " k=", k.sizes());
  TORCH_CHECK(!causal || q.size(2) == k.size(2), "attention: causal requires as many queries as keys: q=", q.sizes(),
              " k=", k.sizes());
  TORCH_CHECK(q.scalar_type() == k.scalar_type() && q.scalar_type() == v.scalar_type(),
              "attention: q, k and v must have one dtype: q=", q.scalar_type(), " k=", k.scalar_type(),
              " v=", v.scalar_type());
}

}  // namespace

AttentionResult attention(const at::Tensor& q_BHSD, const at::Tensor& k_BKTD, const at::Tensor& v_BKTD, bool causal,
                          double scale) {
  check_shapes(q_BHSD, k_BKTD, v_BKTD, causal);
  auto results = Attention::apply(q_BHSD, k_BKTD, v_BKTD, causal, scale);
  return {std::move(results[0]), std::move(results[1])};
}

}  // namespace titan::ops
