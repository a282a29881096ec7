#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "runtime/platform/memory_counter.h"
#include "runtime/platform/platform.h"

namespace titan::platform {

/// Connects a rank with the others of `ranks` (at least two); the arguments of Platform::make_communicator.
using CommunicatorFactory =
    std::function<std::unique_ptr<comm::Communicator>(const std::vector<int>& ranks, std::string_view name)>;

/// A rank that computes with ATen on the host: every stream is the calling thread, events have passed when recorded,
/// annotations are dropped. memory_stats needs install_counting_allocator() and reports `counter`, which the rank's
/// threads charge.
class CpuPlatform final : public Platform {
 public:
  CpuPlatform(World world, CommunicatorFactory factory,
              std::shared_ptr<MemoryCounter> counter = process_memory_counter());

  at::Device device() const override;
  World world() const override { return world_; }
  Stream stream(StreamRole role) override { return Stream{.role = role}; }
  Scope use_stream(const Stream&) override { return Scope(); }
  Event record_event(const Stream& stream) override;
  double now() override;
  MemoryStats memory_stats() override;
  std::unique_ptr<comm::Communicator> make_communicator(const std::vector<int>& ranks, std::string_view name) override;
  Scope annotate(std::string_view) override { return Scope(); }
  bool has_values() const override { return true; }
  double read(const at::Tensor& scalar, double expectation) override;
  std::vector<at::Tensor> run_unit(unit::UnitCall&& call) override;

 private:
  World world_;
  CommunicatorFactory factory_;
  std::shared_ptr<MemoryCounter> counter_;
  int64_t capacity_bytes_;
};

}  // namespace titan::platform
