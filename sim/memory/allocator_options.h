#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace titan::memory {

inline constexpr uint64_t kMiB = uint64_t{1} << 20;
inline constexpr uint64_t kGiB = uint64_t{1} << 30;
inline constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();
inline constexpr size_t kNumRoundupIntervals = 16;

/// What decides the allocator's behaviour: the device, and PyTorch 2.11's PYTORCH_ALLOC_CONF keys, each with PyTorch's
/// default.
struct AllocatorOptions {
  uint64_t capacity_bytes = 0;  // all memory of the device
  uint64_t other_bytes = 0;     // held outside of the allocator: context, modules, NCCL, other processes
  int device_index = 0;         // for messages

  bool expandable_segments = false;
  uint64_t large_segment_bytes = 20 * kMiB;  // requests of 1 to 10 MiB share segments (expandable: pages) of this size
  uint64_t max_split_bytes = kNoLimit;       // cached blocks of this size and above are "oversize": not split
  /// A request gets an oversize block only if that exceeds it by less; unset: large_segment_bytes.
  std::optional<uint64_t> max_non_split_rounding_bytes = std::nullopt;
  /// Of capacity_bytes, as torch.cuda.set_per_process_memory_fraction.
  std::optional<double> memory_fraction = std::nullopt;
  double garbage_collection_threshold = 0.0;  // of memory_fraction; 0: never collect
  /// Steps per power of two that requests are rounded up to; 0 and 1: only to 512 bytes. Entry i is for sizes in
  /// [2^i, 2^(i+1)) MiB, the first also for all below, the last for all above.
  std::array<uint64_t, kNumRoundupIntervals> roundup_power2_divisions = {};
};

/// Throws config::ContractError naming the option that is out of range, or that PyTorch would ignore or abort on.
void check_options(const AllocatorOptions& options);

}  // namespace titan::memory
