#include "runtime/platform/cuda/cuda_platform.h"

#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

#include <chrono>
#include <string>
#include <utility>
#if __has_include(<nvtx3/nvToolsExt.h>)
#include <nvtx3/nvToolsExt.h>
#define TITAN_HAS_NVTX
#endif

#include "runtime/comm/call.h"
#include "runtime/comm/solo_communicator.h"
#include "runtime/platform/memory_category.h"
#include "runtime/unit/unit_call.h"

namespace titan::platform {
namespace {

namespace allocator = c10::cuda::CUDACachingAllocator;

c10::cuda::CUDAStream unpack(at::Device device, const Stream& stream) {
  return c10::cuda::CUDAStream(c10::Stream(c10::Stream::UNSAFE, device, stream.id));
}

class CudaEvent final : public EventImpl {
 public:
  CudaEvent(at::Device device, const Stream& stream) : device_(device) { event_.record(unpack(device, stream)); }
  void block(const Stream& stream) override { event_.block(unpack(device_, stream)); }
  void synchronize() override { event_.synchronize(); }

 private:
  at::Device device_;
  c10::cuda::CUDAEvent event_;
};

// The default stream first, so that compute allocates from the same pool as everything that knows of no streams.
std::vector<c10::Stream> make_streams(at::Device device) {
  std::vector<c10::Stream> streams{c10::cuda::getDefaultCUDAStream(device.index()).unwrap()};
  while (streams.size() < static_cast<size_t>(kNumStreamRoles)) {
    streams.push_back(c10::cuda::getStreamFromPool(/*isHighPriority=*/true, device.index()).unwrap());
  }
  return streams;
}
static_assert(static_cast<int>(StreamRole::compute) == 0);

at::Device set_up(const World& world) {
  TORCH_CHECK(at::hasCUDA(), "CudaPlatform: LibTorch was asked for its accelerator before the plugin was loaded");
  at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  const auto index = static_cast<c10::DeviceIndex>(world.local_rank);
  TORCH_CHECK(index < c10::cuda::device_count(),
              "CudaPlatform: there must be a GPU for each local rank: local_rank=", world.local_rank,
              " GPUs=", static_cast<int>(c10::cuda::device_count()));
  c10::cuda::set_device(index, /*force=*/true);
  return at::Device(at::kCUDA, index);
}

int64_t total_memory(at::Device device) {
  cudaDeviceProp properties;
  C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, device.index()));
  return static_cast<int64_t>(properties.totalGlobalMem);
}

}  // namespace

CudaPlatform::CudaPlatform(const World& world)
    : world_(world), device_(set_up(world)), capacity_bytes_(total_memory(device_)), streams_(make_streams(device_)) {}

Stream CudaPlatform::stream(StreamRole role) { return {.role = role, .id = streams_[static_cast<size_t>(role)].id()}; }

Scope CudaPlatform::use_stream(const Stream& stream) {
  const auto before = c10::cuda::getCurrentCUDAStream(device_.index());
  c10::cuda::setCurrentCUDAStream(unpack(device_, stream));
  return Scope([before] { c10::cuda::setCurrentCUDAStream(before); });
}

Event CudaPlatform::record_event(const Stream& stream) { return std::make_shared<CudaEvent>(device_, stream); }

double CudaPlatform::now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

MemoryStats CudaPlatform::memory_stats() {
  const auto stats = allocator::getDeviceStats(device_.index());
  constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  const MemoryStats result{.allocated_bytes = stats.allocated_bytes[kAll].current,
                           .peak_allocated_bytes = stats.allocated_bytes[kAll].peak,
                           .reserved_bytes = stats.reserved_bytes[kAll].current,
                           .peak_reserved_bytes = stats.reserved_bytes[kAll].peak,
                           .capacity_bytes = capacity_bytes_,
                           .num_alloc_retries = stats.num_alloc_retries,
                           .num_ooms = stats.num_ooms};
  allocator::resetPeakStats(device_.index());
  return result;
}

std::unique_ptr<comm::Communicator> CudaPlatform::make_communicator(const std::vector<int>& ranks,
                                                                    std::string_view name) {
  comm::check_ranks(ranks, world_.rank, world_.size, name);
  TORCH_CHECK(ranks.size() == 1,
              "make_communicator: GPUs cannot talk to each other yet: ranks=", at::ArrayRef<int>(ranks),
              " name=", name);
  return std::make_unique<comm::SoloCommunicator>(std::string(name));
}

Scope CudaPlatform::annotate([[maybe_unused]] std::string_view name) {
#ifdef TITAN_HAS_NVTX
  if (!name.starts_with(kMemoryScopePrefix)) {  // says what memory is for, not what the device does
    nvtxRangePushA(std::string(name).c_str());
    return Scope([] { nvtxRangePop(); });
  }
#endif
  return Scope();
}

double CudaPlatform::read(const at::Tensor& scalar, double) {
  TORCH_CHECK(scalar.numel() == 1, "read: tensor must have one element: sizes=", scalar.sizes());
  return scalar.item().toDouble();
}

std::vector<at::Tensor> CudaPlatform::run_unit(unit::UnitCall&& call) { return unit::execute(std::move(call)); }

}  // namespace titan::platform
