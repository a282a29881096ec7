#include "tests/sim/memory/oracle/real_allocator.h"

#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace c10::cuda::_internal {
C10_CUDA_API void setHasPrimaryContext(bool (*has_context)(DeviceIndex));  // exported, in no header
}

namespace titan::memory {
namespace {

namespace cuda = c10::cuda;
namespace native = c10::cuda::CUDACachingAllocator;

int8_t next_device() {
  static int8_t device = 0;
  return device++;
}

// PyTorch polls the streams of freed blocks in the order of a hash table of 4, 8, … buckets whose bucket number is the
// leading bits of the hash times 2^64 / golden ratio. These handles are such that the order is that of our stream ids.
uintptr_t handle_of(uint32_t stream, int8_t device) {
  for (uintptr_t handle = 2;; handle += 2) {  // odd ones are for PyTorch's own streams
    const cuda::CUDAStream candidate = cuda::getStreamFromExternal(reinterpret_cast<cudaStream_t>(handle), device);
    const size_t hash = std::hash<cuda::CUDAStream>{}(candidate);
    if ((hash * 11400714819323198485ull) >> 61 == 2 * stream) return handle;
  }
}

std::string settings_of(const AllocatorOptions& options) {
  std::ostringstream text;
  text << "expandable_segments:" << (options.expandable_segments ? "True" : "False");
  text << ",large_segment_size_mb:" << options.large_segment_bytes / kMiB;
  if (options.max_split_bytes != kNoLimit) text << ",max_split_size_mb:" << options.max_split_bytes / kMiB;
  if (options.max_non_split_rounding_bytes) {
    text << ",max_non_split_rounding_mb:" << *options.max_non_split_rounding_bytes / kMiB;
  }
  if (options.garbage_collection_threshold > 0.0) {
    text << ",garbage_collection_threshold:" << options.garbage_collection_threshold;
  }
  text << ",roundup_power2_divisions:[";
  for (size_t i = 0; i < kNumRoundupIntervals; ++i) {
    text << (i == 0 ? "" : ",") << (uint64_t{1} << i) << ":" << options.roundup_power2_divisions[i];
  }
  text << "]";
  return text.str();
}

Stat convert(const c10::CachingAllocator::Stat& stat) { return {stat.current, stat.peak, stat.allocated, stat.freed}; }

PoolStats convert(const c10::CachingDeviceAllocator::DeviceStats& stats, c10::CachingAllocator::StatType type) {
  const auto of = [&](const c10::CachingAllocator::StatArray& array) {
    return convert(array[static_cast<size_t>(type)]);
  };
  return {.allocation = of(stats.allocation),
          .segment = of(stats.segment),
          .active = of(stats.active),
          .inactive_split = of(stats.inactive_split),
          .allocated_bytes = of(stats.allocated_bytes),
          .reserved_bytes = of(stats.reserved_bytes),
          .active_bytes = of(stats.active_bytes),
          .inactive_split_bytes = of(stats.inactive_split_bytes),
          .requested_bytes = of(stats.requested_bytes)};
}

StreamId stream_of(const void* handle) {
  const auto& handles = counting_device().stream_handles;
  const auto found = std::find(handles.begin(), handles.end(), reinterpret_cast<uintptr_t>(handle));
  return static_cast<StreamId>(found - handles.begin());
}

SegmentInfo convert(const native::SegmentInfo& real, uint64_t first_address) {
  SegmentInfo segment;
  segment.address = real.address - first_address;
  segment.total_bytes = real.total_size;
  segment.allocated_bytes = real.allocated_size;
  segment.active_bytes = real.active_size;
  segment.requested_bytes = real.requested_size;
  segment.stream = stream_of(real.stream);
  segment.small = !real.is_large;
  segment.expandable = real.is_expandable;
  uint64_t address = segment.address;
  for (const native::BlockInfo& block : real.blocks) {
    const BlockState state = block.allocated ? BlockState::allocated
                             : block.active  ? BlockState::pending
                                             : BlockState::cached;
    segment.blocks.push_back({address, block.size, block.active ? block.requested_size : 0, state});
    address += block.size;
  }
  return segment;
}

}  // namespace

RealAllocator::RealAllocator(const AllocatorOptions& options) : device_(next_device()) {
  CountingDevice& device = counting_device();
  device.capacity_bytes = options.capacity_bytes;
  device.other_bytes = options.other_bytes;
  device.current_device = device_;
  device.events_recorded = device.events_completed = {};
  for (uint32_t stream = 0; stream < kNumStreams; ++stream) device.stream_handles[stream] = handle_of(stream, device_);
  first_address_ = device.next_address;
  native::init(device_ + 1);  // the new device's allocator asks for the capacity
  cuda::_internal::setHasPrimaryContext([](c10::DeviceIndex) { return true; });
  c10::CachingAllocator::setAllocatorSettings(settings_of(options));
  if (options.memory_fraction) native::setMemoryFraction(*options.memory_fraction, device_);
}

RealAllocator::~RealAllocator() {
  for (const native::SegmentInfo& segment : native::snapshot().segments) {
    uint64_t address = segment.address;
    for (const native::BlockInfo& block : segment.blocks) {
      if (block.allocated) native::raw_delete(reinterpret_cast<void*>(address));
      address += block.size;
    }
  }
  native::emptyCache();
}

uint64_t RealAllocator::malloc(uint64_t bytes, StreamId stream) {
  try {
    const auto handle = reinterpret_cast<cudaStream_t>(counting_device().stream_handles[stream]);
    return reinterpret_cast<uintptr_t>(native::raw_alloc_with_stream(bytes, handle)) - first_address_;
  } catch (const c10::OutOfMemoryError& error) {
    error_ = error.what_without_backtrace();
    return kNone;
  }
}

void RealAllocator::free(uint64_t address) { native::raw_delete(reinterpret_cast<void*>(first_address_ + address)); }

void RealAllocator::record_stream(uint64_t address, StreamId stream) {
  auto* const pointer = reinterpret_cast<void*>(first_address_ + address);
  c10::DataPtr data(pointer, pointer, native::get()->raw_deleter(), c10::Device(c10::kCUDA, device_));
  const auto handle = reinterpret_cast<cudaStream_t>(counting_device().stream_handles[stream]);
  native::recordStream(data, cuda::getStreamFromExternal(handle, device_));
  data.release_context();
}

void RealAllocator::empty_cache() { native::emptyCache(); }

AllocatorStats RealAllocator::stats() const {
  const auto real = native::getDeviceStats(device_);
  using c10::CachingAllocator::StatType;
  return {.all = convert(real, StatType::AGGREGATE),
          .small_pool = convert(real, StatType::SMALL_POOL),
          .large_pool = convert(real, StatType::LARGE_POOL),
          .oversize_allocations = convert(real.oversize_allocations),
          .oversize_segments = convert(real.oversize_segments),
          .num_alloc_retries = real.num_alloc_retries,
          .num_ooms = real.num_ooms,
          .num_sync_all_streams = real.num_sync_all_streams,
          .num_device_alloc = real.num_device_alloc,
          .num_device_free = real.num_device_free};
}

void RealAllocator::reset_peak_stats() { native::resetPeakStats(device_); }
void RealAllocator::reset_accumulated_stats() { native::resetAccumulatedStats(device_); }

std::vector<SegmentInfo> RealAllocator::snapshot() const {
  std::vector<SegmentInfo> segments;
  for (const native::SegmentInfo& real : native::snapshot({0, 0}, false).segments) {
    if (real.device == device_) segments.push_back(convert(real, first_address_));
  }
  return segments;
}

}  // namespace titan::memory
