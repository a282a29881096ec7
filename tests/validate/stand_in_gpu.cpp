// A plugin as libtitan_cuda.so is one, whose GPU is the host: what surrounds a GPU runs where there is none.
#include "runtime/platform/cpu_platform.h"
#include "runtime/platform/cuda_plugin.h"
#include "runtime/platform/memory_counter.h"

namespace titan::platform {
namespace {

class StandIn final : public CudaPlugin {
 public:
  int num_devices() override { return 1; }
  std::string why_no_device() override { return ""; }
  std::string device_name(int) override { return "stand-in"; }
  std::unique_ptr<Platform> make_platform(const World& world) override {
    install_counting_allocator();
    return std::make_unique<CpuPlatform>(world, nullptr);
  }
  int64_t device_used_bytes(int) override { return process_memory_counter()->allocated_bytes() + kBeside; }

 private:
  static constexpr int64_t kBeside = 1000;
};

}  // namespace
}  // namespace titan::platform

extern "C" titan::platform::CudaPlugin* titan_cuda_plugin(int version) {
  static titan::platform::StandIn plugin;
  return version == titan::platform::kCudaPluginVersion ? &plugin : nullptr;
}
