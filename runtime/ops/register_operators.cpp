#include "runtime/ops/register_operators.h"

#include <torch/library.h>

#include "runtime/ops/attention_cpu.h"

namespace titan::ops {
namespace {

/// Lives until the process ends: destroying a torch::Library takes its operators away.
struct Registrations {
  torch::Library definitions{torch::Library::DEF, "titan", std::nullopt, __FILE__, __LINE__};
  torch::Library cpu{torch::Library::IMPL, "titan", c10::DispatchKey::CPU, __FILE__, __LINE__};

  Registrations() {
    definitions.def(
        "attention(Tensor q, Tensor k, Tensor v, bool causal, float scale) -> (Tensor out, Tensor logsumexp)");
    definitions.def(
        "attention_backward(Tensor grad_out, Tensor q, Tensor k, Tensor v, Tensor out, Tensor logsumexp, bool causal, "
        "float scale) -> (Tensor grad_q, Tensor grad_k, Tensor grad_v)");
    cpu.impl("attention", TORCH_FN(attention_cpu));
    cpu.impl("attention_backward", TORCH_FN(attention_backward_cpu));
  }
};

}  // namespace

void register_operators() { static const Registrations registrations; }

}  // namespace titan::ops
