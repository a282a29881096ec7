#pragma once

namespace titan::sim {

/// Tells LibTorch about device "sim" as an accelerator: current device, streams and events. A stream's id is its number
/// in the rank's trace; an event is recorded as a node, and so is what waits for it. Call once.
void register_device_guard();

}  // namespace titan::sim
