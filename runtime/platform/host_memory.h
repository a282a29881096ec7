#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace titan::platform {

/// Bytes that this process may use: physical memory, or the limit of its control group if that is less.
int64_t host_memory_bytes();

/// The smallest memory limit of the control groups (v1 or v2) that `membership` (as /proc/self/cgroup) names, with
/// their ancestors under `root` (as /sys/fs/cgroup). None if there is no limit.
std::optional<int64_t> cgroup_memory_limit(const std::filesystem::path& membership, const std::filesystem::path& root);

}  // namespace titan::platform
