#include "runtime/nn/rms_norm.h"

#include "runtime/ops/rms_norm.h"

namespace titan::nn {

RMSNorm::RMSNorm(Module* parent, const std::string& name, int64_t dim, double eps)
    : Module(parent, name), weight_(add_parameter("weight", {dim}, InitRule::constant(1.0))), eps_(eps) {}

at::Tensor RMSNorm::forward(const at::Tensor& x) const { return leave(ops::rms_norm(enter(x), weight_.value, eps_)); }

}  // namespace titan::nn
