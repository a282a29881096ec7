#include "runtime/platform/cpu_platform.h"

#include <c10/util/Exception.h>

#include <chrono>
#include <string>
#include <utility>

#include "runtime/comm/call.h"
#include "runtime/comm/solo_communicator.h"
#include "runtime/platform/host_memory.h"
#include "runtime/unit/unit_call.h"

namespace titan::platform {
namespace {

/// The host does one thing after the other: what was recorded has happened.
class PassedEvent final : public EventImpl {
 public:
  void block(const Stream&) override {}
  void synchronize() override {}
};

}  // namespace

CpuPlatform::CpuPlatform(World world, CommunicatorFactory factory, std::shared_ptr<MemoryCounter> counter)
    : world_(world), factory_(std::move(factory)), counter_(std::move(counter)), capacity_bytes_(host_memory_bytes()) {}

at::Device CpuPlatform::device() const { return at::Device(at::kCPU); }

Event CpuPlatform::record_event(const Stream&) { return std::make_shared<PassedEvent>(); }

double CpuPlatform::now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

MemoryStats CpuPlatform::memory_stats() {
  TORCH_CHECK(counting_allocator_installed(), "memory_stats: install_counting_allocator() must be called first");
  MemoryStats stats;
  stats.allocated_bytes = counter_->allocated_bytes();
  stats.peak_allocated_bytes = counter_->take_peak_bytes();
  stats.reserved_bytes = stats.allocated_bytes;  // the host keeps no cache
  stats.peak_reserved_bytes = stats.peak_allocated_bytes;
  stats.capacity_bytes = capacity_bytes_;
  return stats;
}

std::unique_ptr<comm::Communicator> CpuPlatform::make_communicator(const std::vector<int>& ranks,
                                                                   std::string_view name) {
  comm::check_ranks(ranks, world_.rank, world_.size, name);
  if (ranks.size() == 1) return std::make_unique<comm::SoloCommunicator>(std::string(name));
  TORCH_CHECK(factory_, "make_communicator: this platform has no peers: ranks=", at::ArrayRef<int>(ranks),
              " name=", name);
  return factory_(ranks, name);
}

double CpuPlatform::read(const at::Tensor& scalar, double) {
  TORCH_CHECK(scalar.numel() == 1, "read: tensor must have one element: sizes=", scalar.sizes());
  return scalar.item().toDouble();
}

std::vector<at::Tensor> CpuPlatform::run_unit(unit::UnitCall&& call) { return unit::execute(std::move(call)); }

}  // namespace titan::platform
