#include "runtime/ops/register_operators.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include "runtime/ops/attention_cpu.h"
#include "runtime/ops/find_operator.h"
#include "runtime/ops/fused/cross_entropy_cpu.h"
#include "runtime/ops/fused/rms_norm_cpu.h"
#include "runtime/ops/fused/rope_cpu.h"
#include "runtime/ops/fused/swiglu_cpu.h"

namespace titan::ops {
namespace {

/// Lives until the process ends: destroying a torch::Library takes its operators away.
struct Registrations {
  torch::Library definitions{torch::Library::DEF, "titan", std::nullopt, __FILE__, __LINE__};
  torch::Library cpu{torch::Library::IMPL, "titan", c10::DispatchKey::CPU, __FILE__, __LINE__};

  Registrations() {
    register_attention();
    register_norms();
    register_elementwise();
    register_cross_entropy();
  }

  void register_attention() {
    definitions.def(
        "attention(Tensor q, Tensor k, Tensor v, bool causal, float scale) -> (Tensor out, Tensor logsumexp)");
    definitions.def(
        "attention_backward(Tensor grad_out, Tensor q, Tensor k, Tensor v, Tensor out, Tensor logsumexp, bool causal, "
        "float scale) -> (Tensor grad_q, Tensor grad_k, Tensor grad_v)");
    cpu.impl("attention", TORCH_FN(attention_cpu));
    cpu.impl("attention_backward", TORCH_FN(attention_backward_cpu));
  }

  void register_norms() {
    definitions.def("rms_norm(Tensor x, Tensor weight, float eps) -> (Tensor out, Tensor rstd)");
    definitions.def(
        "add_rms_norm(Tensor x, Tensor y, Tensor weight, float eps) -> (Tensor sum, Tensor normed, Tensor rstd)");
    definitions.def(
        "rms_norm_backward(Tensor grad_out, Tensor? grad_sum, Tensor x, Tensor weight, Tensor rstd) -> "
        "(Tensor grad_x, Tensor grad_weight)");
    cpu.impl("rms_norm", TORCH_FN(rms_norm_cpu));
    cpu.impl("add_rms_norm", TORCH_FN(add_rms_norm_cpu));
    cpu.impl("rms_norm_backward", TORCH_FN(rms_norm_backward_cpu));
  }

  void register_elementwise() {
    definitions.def("rope(Tensor x, Tensor table, bool inverse) -> Tensor");
    definitions.def("swiglu(Tensor gate, Tensor up) -> Tensor");
    definitions.def("swiglu_backward(Tensor grad_out, Tensor gate, Tensor up) -> (Tensor grad_gate, Tensor grad_up)");
    cpu.impl("rope", TORCH_FN(rope_cpu));
    cpu.impl("swiglu", TORCH_FN(swiglu_cpu));
    cpu.impl("swiglu_backward", TORCH_FN(swiglu_backward_cpu));
  }

  void register_cross_entropy() {
    definitions.def(
        "cross_entropy_rows(Tensor logits, Tensor labels, int first_class) -> (Tensor logsumexp, Tensor target)");
    definitions.def(
        "cross_entropy_rows_backward(Tensor scale, Tensor logits, Tensor labels, Tensor logsumexp, int first_class) "
        "-> Tensor");
    cpu.impl("cross_entropy_rows", TORCH_FN(cross_entropy_rows_cpu));
    cpu.impl("cross_entropy_rows_backward", TORCH_FN(cross_entropy_rows_backward_cpu));
  }
};

}  // namespace

void register_operators() { static const Registrations registrations; }

c10::OperatorHandle find_operator(const char* name) {
  register_operators();
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "");
}

}  // namespace titan::ops
