#include "runtime/nn/embedding.h"

#include <ATen/ops/aminmax.h>
#include <ATen/ops/embedding.h>
#include <c10/util/Exception.h>

namespace titan::nn {
namespace {

void check_tokens(const std::string& name, const at::Tensor& tokens, int64_t num_rows) {
  if (!tokens.is_cpu() || tokens.numel() == 0) return;
  const auto [least, largest] = at::aminmax(tokens.to(at::kLong));
  const int64_t min = *least.const_data_ptr<int64_t>(), max = *largest.const_data_ptr<int64_t>();
  TORCH_CHECK_INDEX(min >= 0 && max < num_rows, "embedding ", name, ": tokens must be in [0, ", num_rows,
                    "): min=", min, " max=", max);
}

}  // namespace

Embedding::Embedding(Module* parent, const std::string& name, int64_t num_rows, int64_t dim, const InitRule& init)
    : Module(parent, name), weight_(add_parameter("weight", {num_rows, dim}, init)) {}

at::Tensor Embedding::forward(const at::Tensor& tokens_BS) const {
  const auto& box = weight_.spec.box;
  const int64_t num_rows = weight_.spec.global_shape[0];
  const auto entered_BS = enter(tokens_BS);
  check_tokens(weight_.name, entered_BS, num_rows);
  if (box.size[0] == num_rows) return leave(at::embedding(weight_.value, entered_BS));
  const auto rows = entered_BS.sub(box.offset[0]);
  const auto elsewhere = rows.lt(0).logical_or_(rows.ge(box.size[0]));
  const auto found_BSE = at::embedding(weight_.value, rows.masked_fill(elsewhere, 0));
  return leave(found_BSE.masked_fill(elsewhere.unsqueeze(-1), 0.0));
}

}  // namespace titan::nn
