#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace titan::metrics {

/// The dense bfloat16 rate that MFU is a share of.
struct PeakFlops {
  std::optional<double> per_second;  // absent: no such rate (CPU), MFU is n/a
  std::string warning;               // not empty: the device is unknown and an A100's rate is used
};

/// Finds the rate of a device by `device_type` ("cpu", "cuda") and the name its driver gives, as in torchtitan's table.
PeakFlops peak_flops(std::string_view device_type, std::string_view device_name);

}  // namespace titan::metrics
