#include "runtime/recompute/survey.h"

namespace titan::recompute {

Tensors Survey::run(const OpCall& call, const Compute& compute) {
  Tensors outputs = compute();
  int64_t num_bytes = 0;
  for (const auto& output : outputs) num_bytes += static_cast<int64_t>(output.nbytes());
  calls_.push_back({.call = call, .output_bytes = num_bytes});
  return outputs;
}

}  // namespace titan::recompute
