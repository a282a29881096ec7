#include "sim/device/device_table.h"

#include <c10/util/Exception.h>

#include <array>
#include <atomic>
#include <mutex>
#include <utility>

namespace titan::sim {
namespace {

struct Slot {
  std::shared_ptr<RankState> owner;        // guarded by the mutex
  std::atomic<RankState*> rank = nullptr;  // read by whoever uses the device
};

std::mutex mutex;
std::array<Slot, kMaxRanks> slots;
thread_local c10::DeviceIndex current = 0;

bool is_index(c10::DeviceIndex index) { return index >= 0 && index < kMaxRanks; }

}  // namespace

c10::DeviceIndex add_device(std::shared_ptr<RankState> rank) {
  const std::lock_guard lock(mutex);
  for (c10::DeviceIndex index = 0; index < kMaxRanks; ++index) {
    if (slots[index].owner) continue;
    slots[index].rank = rank.get();
    slots[index].owner = std::move(rank);
    return index;
  }
  TORCH_CHECK(false, "simulated device: at most ", static_cast<int>(kMaxRanks), " ranks can be alive at once");
}

void remove_device(c10::DeviceIndex index) {
  std::shared_ptr<RankState> last;  // dies outside of the lock
  const std::lock_guard lock(mutex);
  slots.at(index).rank = nullptr;
  last = std::move(slots[index].owner);
}

bool has_device(c10::DeviceIndex index) {
  const c10::DeviceIndex device = device_index(index);
  return is_index(device) && slots[device].rank.load() != nullptr;
}

RankState& rank_of_device(c10::DeviceIndex index) {
  const c10::DeviceIndex device = device_index(index);
  RankState* rank = is_index(device) ? slots[device].rank.load(std::memory_order_acquire) : nullptr;
  TORCH_CHECK(rank, "simulated device: no rank is behind device index ", static_cast<int>(index));
  return *rank;
}

c10::DeviceIndex current_device() { return current; }
void set_current_device(c10::DeviceIndex index) { current = index; }

}  // namespace titan::sim
