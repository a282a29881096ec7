#include "runtime/nn/embedding.h"

#include <ATen/ops/embedding.h>

namespace titan::nn {

Embedding::Embedding(Module* parent, const std::string& name, int64_t num_rows, int64_t dim, const InitRule& init)
    : Module(parent, name), weight_(add_parameter("weight", {num_rows, dim}, init)) {}

at::Tensor Embedding::forward(const at::Tensor& tokens_BS) const { return at::embedding(weight_.value, tokens_BS); }

}  // namespace titan::nn
