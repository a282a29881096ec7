#include "runtime/nn/embedding.h"

#include <ATen/ops/embedding.h>

namespace titan::nn {

Embedding::Embedding(Module* parent, const std::string& name, int64_t num_rows, int64_t dim, const InitRule& init)
    : Module(parent, name), weight_(add_parameter("weight", {num_rows, dim}, init)) {}

at::Tensor Embedding::forward(const at::Tensor& tokens_BS) const {
  const auto& box = weight_.spec.box;
  if (box.size[0] == weight_.spec.global_shape[0]) return leave(at::embedding(weight_.value, enter(tokens_BS)));
  const auto rows = enter(tokens_BS).sub(box.offset[0]);
  const auto elsewhere = rows.lt(0).logical_or_(rows.ge(box.size[0]));
  const auto found_BSE = at::embedding(weight_.value, rows.masked_fill(elsewhere, 0));
  return leave(found_BSE.masked_fill(elsewhere.unsqueeze(-1), 0.0));
}

}  // namespace titan::nn
