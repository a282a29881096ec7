#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <torch/library.h>

#include "runtime/ops/register_operators.h"
#include "runtime/platform/cuda/attention_cuda.h"
#include "runtime/platform/cuda/cuda_platform.h"
#include "runtime/platform/cuda_plugin.h"

namespace titan::platform {
namespace {

/// Lives until the process ends: destroying a torch::Library takes its kernels away.
struct Registrations {
  torch::Library cuda{torch::Library::IMPL, "titan", c10::DispatchKey::CUDA, __FILE__, __LINE__};

  Registrations() {
    cuda.impl("attention", TORCH_FN(ops::attention_cuda));
    cuda.impl("attention_backward", TORCH_FN(ops::attention_backward_cuda));
  }
};

class Plugin final : public CudaPlugin {
 public:
  int num_devices() override {
    int count = 0;
    status_ = cudaGetDeviceCount(&count);
    if (status_ == cudaSuccess) return count;
    cudaGetLastError();  // else a later check would find it
    return 0;
  }

  std::string why_no_device() override {
    return num_devices() > 0 ? "" : cudaGetErrorString(status_ == cudaSuccess ? cudaErrorNoDevice : status_);
  }

  std::string device_name(int index) override {
    cudaDeviceProp properties;
    C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, index));
    return properties.name;
  }

  std::unique_ptr<Platform> make_platform(const World& world) override {
    ops::register_operators();
    static const Registrations registrations;
    return std::make_unique<CudaPlatform>(world);
  }

  int64_t device_used_bytes(int index) override {
    const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(index));
    size_t free = 0, total = 0;
    C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    return static_cast<int64_t>(total - free);
  }

 private:
  cudaError_t status_ = cudaSuccess;
};

}  // namespace
}  // namespace titan::platform

extern "C" __attribute__((visibility("default"))) titan::platform::CudaPlugin* titan_cuda_plugin(int version) {
  static titan::platform::Plugin plugin;
  return version == titan::platform::kCudaPluginVersion ? &plugin : nullptr;
}
