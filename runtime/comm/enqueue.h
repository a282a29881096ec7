#pragma once

#include <c10/core/Device.h>

#include <functional>

#include "runtime/comm/work.h"
#include "runtime/platform/stream.h"

namespace titan::comm {

/// Runs `issue` with `stream` current on `device` and returns a Work that orders other streams after it. On devices
/// without streams (the CPU) everything has happened on return.
Work enqueue(c10::Device device, const platform::Stream& stream, const std::function<void()>& issue);

}  // namespace titan::comm
