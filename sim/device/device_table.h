#pragma once

#include <c10/core/Device.h>

#include <memory>

#include "sim/device/rank_state.h"

/// The device indices of LibTorch's device "sim" and the ranks behind them. Process-wide, as LibTorch's devices are.
namespace titan::sim {

/// Ranks that can be alive at once. LibTorch's autograd starts one idle thread for each.
inline constexpr c10::DeviceIndex kMaxRanks = 16;

/// Gives the rank a free device index. Throws c10::Error if there is none. Thread-safe.
c10::DeviceIndex add_device(std::shared_ptr<RankState> rank);
void remove_device(c10::DeviceIndex index);

/// The host memory of a rank is a device of its own: tensors there have no data either, and what works on them is the
/// host. LibTorch is not told of these indices (device count): they take part in no autograd.
constexpr c10::DeviceIndex host_index(c10::DeviceIndex device) {
  return static_cast<c10::DeviceIndex>(device + kMaxRanks);
}
constexpr bool is_host_index(c10::DeviceIndex index) { return index >= kMaxRanks; }
/// The device of the rank whose device or host memory `index` is.
constexpr c10::DeviceIndex device_index(c10::DeviceIndex index) {
  return is_host_index(index) ? static_cast<c10::DeviceIndex>(index - kMaxRanks) : index;
}

/// These two take the index of a device or of its host memory.
bool has_device(c10::DeviceIndex index);
/// Throws c10::Error if no rank is behind `index`.
RankState& rank_of_device(c10::DeviceIndex index);

/// The calling thread's current device index.
c10::DeviceIndex current_device();
void set_current_device(c10::DeviceIndex index);

/// Makes a device current on this thread until the end of the scope.
class CurrentDevice {
 public:
  explicit CurrentDevice(c10::DeviceIndex index) : before_(current_device()) { set_current_device(index); }
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;
  ~CurrentDevice() { set_current_device(before_); }

 private:
  c10::DeviceIndex before_;
};

}  // namespace titan::sim
