#include "sim/device/meta_kernel.h"

#include <ATen/EmptyTensor.h>
#include <ATen/core/dispatch/Dispatcher.h>

namespace titan::sim {
namespace {

at::Tensor without_data(const at::Tensor& tensor) {
  at::Tensor meta = at::detail::empty_strided_meta(tensor.sizes(), tensor.strides(), tensor.scalar_type());
  if (tensor.unsafeGetTensorImpl()->is_wrapped_number()) meta.unsafeGetTensorImpl()->set_wrapped_number(true);
  return meta;
}

c10::IValue without_data(const c10::IValue& value) {
  if (value.isTensor()) return value.toTensor().defined() ? c10::IValue(without_data(value.toTensor())) : value;
  if (value.isDevice()) return c10::Device(c10::kMeta);
  if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const auto& one : value.toListRef()) list.push_back(without_data(one.toTensor()));
    return list;
  }
  if (value.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> list;
    for (const auto& one : value.toListRef()) {
      if (one.isNone()) {
        list.push_back(std::nullopt);
      } else {
        list.push_back(without_data(one.toTensor()));
      }
    }
    return list;
  }
  return value;
}

void append_layout(const at::Tensor& tensor, std::vector<TensorLayout>& layouts) {
  if (!tensor.defined()) {
    layouts.emplace_back();
    return;
  }
  layouts.push_back({.sizes = tensor.sizes().vec(), .strides = tensor.strides().vec(), .dtype = tensor.scalar_type()});
}

// LibTorch has a kernel for Meta for every operator: the last resort is one that throws.
bool has_meta_kernel(const c10::OperatorHandle& op) {
  using c10::DispatchKey;
  for (const auto key : {DispatchKey::Meta, DispatchKey::CompositeExplicitAutograd,
                         DispatchKey::CompositeExplicitAutogradNonFunctional, DispatchKey::CompositeImplicitAutograd}) {
    if (op.hasKernelForDispatchKey(key)) return true;
  }
  return false;
}

}  // namespace

std::vector<TensorLayout> ask_meta_kernel(const c10::OperatorHandle& op, const KnownOperator& known,
                                          c10::ArrayRef<c10::IValue> arguments) {
  TORCH_CHECK_NOT_IMPLEMENTED(
      has_meta_kernel(op), "simulated device: operator ", known.full_name,
      " has no shape path; add a rule for its results to sim/device/shapes.cpp and a line to sim/device/operators.cpp");
  torch::jit::Stack stack;
  stack.reserve(arguments.size());
  for (const auto& argument : arguments) stack.push_back(without_data(argument));
  op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::Meta), &stack);
  std::vector<TensorLayout> layouts;
  for (const auto& value : stack) {
    if (value.isTensor()) append_layout(value.toTensor(), layouts);
    if (!value.isTensorList()) continue;
    for (const auto& one : value.toListRef()) append_layout(one.toTensor(), layouts);
  }
  return layouts;
}

}  // namespace titan::sim
