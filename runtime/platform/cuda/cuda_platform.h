#pragma once

#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "runtime/platform/platform.h"

namespace titan::platform {

/// A rank on one GPU: compute is the device's default stream, every other role has a stream of its own; memory is that
/// of LibTorch's caching allocator; annotations are NVTX ranges. Alone in its groups: there is no communication between
/// GPUs here.
class CudaPlatform final : public Platform {
 public:
  /// Sets up CUDA on device number world.local_rank and makes it current for the calling thread.
  explicit CudaPlatform(const World& world);

  at::Device device() const override { return device_; }
  at::TensorOptions host_memory() const override { return at::TensorOptions().device(at::kCPU).pinned_memory(true); }
  World world() const override { return world_; }
  Stream stream(StreamRole role) override;
  Scope use_stream(const Stream& stream) override;
  Event record_event(const Stream& stream) override;
  double now() override;
  MemoryStats memory_stats() override;
  std::unique_ptr<comm::Communicator> make_communicator(const std::vector<int>& ranks, std::string_view name) override;
  Scope annotate(std::string_view name) override;
  bool has_values() const override { return true; }
  double read(const at::Tensor& scalar, double expectation) override;
  std::vector<at::Tensor> run_unit(unit::UnitCall&& call) override;

 private:
  World world_;
  at::Device device_;
  int64_t capacity_bytes_;
  std::vector<c10::Stream> streams_;  // by role
};

}  // namespace titan::platform
