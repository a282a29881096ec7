#include "runtime/nn/linear.h"

#include "runtime/ops/linear.h"

namespace titan::nn {

Linear::Linear(Module* parent, const std::string& name, int64_t in, int64_t out, const InitRule& init)
    : Module(parent, name), weight_(add_parameter("weight", {out, in}, init)) {}

at::Tensor Linear::forward(const at::Tensor& x) const { return leave(ops::linear(enter(x), weight_.value)); }

}  // namespace titan::nn
