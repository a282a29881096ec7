#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <string>
#include <vector>

#include "sim/device/tensor_layout.h"

namespace titan::sim {

/// One call of an operator as the rules of operators.cpp see it. References hold while the call runs.
struct OpCall {
  const std::string& name;                  // "aten::mm"
  c10::ArrayRef<c10::IValue> arguments;     // in the order of the schema
  const std::vector<TensorLayout>& results; // the new tensors that it returns; empty while their shapes are asked for

  bool has_tensor(size_t i) const { return arguments[i].isTensor() && arguments[i].toTensor().defined(); }
  const at::Tensor& tensor(size_t i) const { return arguments[i].toTensor(); }
  int64_t integer(size_t i) const { return arguments[i].toInt(); }
  bool flag(size_t i) const { return arguments[i].toBool(); }
  /// The tensors of a list.
  std::vector<at::Tensor> tensors(size_t i) const { return arguments[i].toTensorVector(); }
};

}  // namespace titan::sim
