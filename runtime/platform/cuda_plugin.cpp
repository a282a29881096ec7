#include "runtime/platform/cuda_plugin.h"

#include <dlfcn.h>

#include <stdexcept>

namespace titan::platform {

CudaPlugin& load_cuda_plugin(const std::filesystem::path& folder) {
  const auto file = folder / kCudaPluginFile;
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    throw std::runtime_error("there is no " + std::string(kCudaPluginFile) + " beside the program (" + folder.string() +
                             "): it was built without CUDA");
  }
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);  // never closed: LibTorch keeps pointers into it
  if (!library) throw std::runtime_error(std::string(kCudaPluginFile) + " does not load: " + dlerror());
  const auto entry = reinterpret_cast<CudaPluginEntry>(dlsym(library, kCudaPluginSymbol));
  CudaPlugin* plugin = entry ? entry(kCudaPluginVersion) : nullptr;
  if (!plugin) throw std::runtime_error(file.string() + " is no plugin of this build of titan");
  return *plugin;
}

std::filesystem::path program_folder() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

}  // namespace titan::platform
