#include "sim/device/plain_kernels.h"

#include <ATen/EmptyTensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/_fused_rms_norm.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_as_complex_native.h>
#include <ATen/ops/view_as_real_native.h>
#include <ATen/ops/view_native.h>
#include <torch/library.h>

#include <array>
#include <string>

#include "runtime/ops/register_operators.h"
#include "sim/device/device_table.h"
#include "sim/device/dispatch.h"
#include "sim/device/storage.h"

namespace titan::sim {
namespace {

constexpr c10::DispatchKey kDevice = c10::DispatchKey::PrivateUse1;

c10::DeviceIndex index_or_current(std::optional<c10::Device> device) {
  return device && device->has_index() ? device->index() : current_device();
}

c10::Allocator* allocator(std::optional<bool> pinned) {
  return pinned.value_or(false) ? pinned_allocator() : storage_allocator();
}

at::Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                 std::optional<at::Device> device, std::optional<bool> pinned, std::optional<at::MemoryFormat> format) {
  const CurrentDevice scope(index_or_current(device));
  return at::detail::empty_generic(size, allocator(pinned), c10::DispatchKeySet(kDevice), dtype.value_or(at::kFloat),
                                   format);
}

at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<at::ScalarType> dtype,
                         std::optional<at::Layout>, std::optional<at::Device> device, std::optional<bool> pinned) {
  const CurrentDevice scope(index_or_current(device));
  return at::detail::empty_strided_generic(size, stride, allocator(pinned), c10::DispatchKeySet(kDevice),
                                           dtype.value_or(at::kFloat));
}

const at::Tensor& resize_(const at::Tensor& self, at::IntArrayRef size, std::optional<at::MemoryFormat>) {
  if (self.sizes() == size) return self;
  self.unsafeGetTensorImpl()->set_sizes_contiguous(size);
  grow_storage(self.storage(), (self.storage_offset() + self.numel()) * self.element_size());
  return self;
}

at::Scalar local_scalar_dense(const at::Tensor&) {
  TORCH_CHECK(false,
              "simulated device: aten::_local_scalar_dense (item) reads a value on the host, and there are none; only "
              "Platform::read may ask for one");
}

/// LibTorch's own composite is not exported; it is what the operator does on a device without a kernel for it.
at::Tensor composite_rms_norm(const at::Tensor& input, at::IntArrayRef normalized_shape,
                              const std::optional<at::Tensor>& weight, std::optional<double> eps) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("aten::_fused_rms_norm", "")
                             .typed<decltype(at::_fused_rms_norm)>();
  const c10::DispatchKeySet no_kernel(c10::DispatchKey::AutogradPrivateUse2);
  return std::get<0>(op.redispatch(no_kernel, input, normalized_shape, weight, eps));
}

/// Normalised in float32, scaled in the input's dtype: a module written out in operators.
at::Tensor written_out_rms_norm(const at::Tensor& input, const std::optional<at::Tensor>& weight,
                                std::optional<double> eps) {
  const auto wide = input.to(at::kFloat);
  const auto scale = wide.pow(2).mean({-1}, /*keepdim=*/true).add(eps.value_or(1e-5)).rsqrt();
  const auto normalised = wide.mul(scale).to(input.scalar_type());
  return weight ? normalised.mul(*weight) : normalised;
}

at::Tensor rms_norm(const at::Tensor& input, at::IntArrayRef normalized_shape, const std::optional<at::Tensor>& weight,
                    std::optional<double> eps) {
  switch (rank_of_device(input.device().index()).options().rms_norm) {
    case RmsNormKernel::fused:
      return std::get<0>(at::_fused_rms_norm(input, normalized_shape, weight, eps));
    case RmsNormKernel::composite:
      return composite_rms_norm(input, normalized_shape, weight, eps);
    case RmsNormKernel::written_out:
      return written_out_rms_norm(input, weight, eps);
  }
  TORCH_INTERNAL_ASSERT(false);
}

constexpr std::array kUndivided{"copy_",           "silu_backward",     "mish_backward",
                                "_fused_rms_norm", "native_layer_norm", "native_group_norm"};
constexpr std::array kFrequent{"mm",
                               "bmm",
                               "add.Tensor",
                               "add_.Tensor",
                               "sub.Tensor",
                               "mul.Tensor",
                               "mul_.Tensor",
                               "div.Tensor",
                               "pow.Tensor_Scalar",
                               "mean.dim",
                               "rsqrt",
                               "sum.dim_IntList",
                               "silu",
                               "_log_softmax",
                               "_log_softmax_backward_data",
                               "nll_loss_forward",
                               "nll_loss_backward"};

/// Live until the process ends: destroying a torch::Library takes its kernels away.
struct Registrations {
  torch::Library everything{torch::Library::IMPL, "_", kDevice, __FILE__, __LINE__};
  torch::Library aten{torch::Library::IMPL, "aten", kDevice, __FILE__, __LINE__};
  torch::Library autograd{torch::Library::IMPL, "aten", c10::DispatchKey::AutogradPrivateUse1, __FILE__, __LINE__};

  Registrations() {
    everything.fallback(torch::CppFunction::makeFromBoxedFunction<&run_operator>());
    aten.impl("empty.memory_format", TORCH_FN(empty));
    aten.impl("empty_strided", TORCH_FN(empty_strided));
    aten.impl("resize_", TORCH_FN(resize_));
    aten.impl("as_strided", TORCH_FN(at::native::as_strided_tensorimpl));
    aten.impl("view", TORCH_FN(at::native::view));
    aten.impl("_reshape_alias", TORCH_FN(at::native::_reshape_alias));
    aten.impl("view_as_complex", TORCH_FN(at::native::view_as_complex));
    aten.impl("view_as_real", TORCH_FN(at::native::view_as_real));
    aten.impl("unfold", TORCH_FN(at::native::unfold));
    aten.impl("_local_scalar_dense", TORCH_FN(local_scalar_dense));
    // LibTorch's choice of kernel is by device; that of the device predicted is an option.
    aten.impl("rms_norm", TORCH_FN(rms_norm));
    autograd.impl("rms_norm", TORCH_FN(rms_norm));
    run_undivided();
  }

  // LibTorch takes the first apart for devices that it does not know, and CUDA runs them as they are; the others it
  // would send on a detour of an out variant, which takes time.
  void run_undivided() {
    constexpr const char* kLists = "aten::_foreach_";
    for (const char* name : kUndivided) run_as_one(name);
    for (const char* name : kFrequent) run_as_one(name);
    for (const auto& name : c10::Dispatcher::singleton().getAllOpNames()) {
      if (name.name.starts_with(kLists)) run_as_one(c10::toString(name).substr(std::string("aten::").size()));
    }
  }

  void run_as_one(const std::string& name) {
    aten.impl(name.c_str(), torch::CppFunction::makeFromBoxedFunction<&run_operator>());
  }
};

}  // namespace

void register_kernels() {
  ops::register_operators();
  static const Registrations registrations;
}

}  // namespace titan::sim
