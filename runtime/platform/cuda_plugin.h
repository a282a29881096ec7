#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "runtime/platform/platform.h"

namespace titan::platform {

/// What libtitan_cuda.so offers: everything that links CUDA lives there, so that the program needs none of it. Once a
/// plugin is loaded, CUDA is the process's accelerator for good.
class CudaPlugin {
 public:
  virtual ~CudaPlugin() = default;

  /// Number of GPUs that this process may use; 0 without a driver.
  virtual int num_devices() = 0;
  /// Why there is none, in the driver's words: "no CUDA-capable device is detected".
  virtual std::string why_no_device() = 0;
  /// "NVIDIA H100 80GB HBM3"
  virtual std::string device_name(int index) = 0;

  /// A rank on the GPU numbered world.local_rank, with ATen's operators and ours. Groups of one rank only.
  virtual std::unique_ptr<Platform> make_platform(const World& world) = 0;

  /// Bytes of a GPU's memory that are not free, whoever holds them: this process with its context, and all others.
  virtual int64_t device_used_bytes(int index) = 0;
};

/// The plugin's file name: it lies beside the program.
inline constexpr const char* kCudaPluginFile = "libtitan_cuda.so";

/// The one symbol that a plugin is entered by, and the number of this interface, which it must give.
inline constexpr const char* kCudaPluginSymbol = "titan_cuda_plugin";
inline constexpr int kCudaPluginVersion = 1;
using CudaPluginEntry = CudaPlugin* (*)(int version);

/// Loads the plugin from `folder`, for the rest of the process. Call before anything asks LibTorch for an accelerator,
/// and never beside another accelerator. Throws std::runtime_error with one sentence where it is missing, does not load
/// or is of another build.
CudaPlugin& load_cuda_plugin(const std::filesystem::path& folder);

/// The folder of the running program.
std::filesystem::path program_folder();

}  // namespace titan::platform
