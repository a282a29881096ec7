#include "sim/device/op_call.h"

#include <ATen/core/ivalue.h>

namespace titan::sim {

bool OpCall::has_tensor(size_t i) const { return arguments[i].isTensor() && arguments[i].toTensor().defined(); }
const at::Tensor& OpCall::tensor(size_t i) const { return arguments[i].toTensor(); }
int64_t OpCall::integer(size_t i) const { return arguments[i].toInt(); }
bool OpCall::flag(size_t i) const { return arguments[i].toBool(); }
std::vector<int64_t> OpCall::integers(size_t i) const { return arguments[i].toIntVector(); }
std::vector<at::Tensor> OpCall::tensors(size_t i) const { return arguments[i].toTensorVector(); }

std::vector<bool> OpCall::flags(size_t i) const {
  std::vector<bool> flags;
  for (const bool flag : arguments[i].toBoolList()) flags.push_back(flag);
  return flags;
}

}  // namespace titan::sim
