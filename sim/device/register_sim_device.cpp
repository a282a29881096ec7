#include "sim/device/register_sim_device.h"

#include <c10/core/Allocator.h>
#include <c10/core/DeviceType.h>

#include "sim/device/device_guard.h"
#include "sim/device/plain_kernels.h"
#include "sim/device/storage.h"

namespace titan::sim {

void register_sim_device() {
  static const bool once = [] {
    c10::register_privateuse1_backend("sim");
    register_device_guard();
    c10::SetAllocator(c10::DeviceType::PrivateUse1, storage_allocator());
    register_kernels();
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace titan::sim
