#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "sim/device/tensor_layout.h"

namespace c10 {
struct IValue;
}

namespace titan::sim {

/// One call of an operator as the rules of operators.cpp see it. References hold while the call runs.
struct OpCall {
  const std::string& name;                   // "aten::mm"
  c10::ArrayRef<c10::IValue> arguments;      // in the order of the schema
  const std::vector<TensorLayout>& results;  // the new tensors that it returns; empty while their shapes are asked for

  bool has_tensor(size_t i) const;
  const at::Tensor& tensor(size_t i) const;
  int64_t integer(size_t i) const;
  bool flag(size_t i) const;
  std::vector<int64_t> integers(size_t i) const;
  std::vector<bool> flags(size_t i) const;
  /// The tensors of a list.
  std::vector<at::Tensor> tensors(size_t i) const;
};

}  // namespace titan::sim
