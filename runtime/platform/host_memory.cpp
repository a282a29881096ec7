#include "runtime/platform/host_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace titan::platform {
namespace {

namespace fs = std::filesystem;

/// Reads a limit file; "max" and missing files are no limit.
std::optional<int64_t> read_limit(const fs::path& file) {
  std::ifstream in(file);
  int64_t bytes = 0;
  if (in >> bytes && bytes > 0) return bytes;
  return std::nullopt;
}

std::optional<int64_t> smaller(std::optional<int64_t> a, std::optional<int64_t> b) {
  if (!a) return b;
  return b ? std::min(*a, *b) : a;
}

/// Limits of `group` and its ancestors; inside a container the group's own folder is often mounted as the root.
std::optional<int64_t> limit_upwards(const fs::path& mount, fs::path group, const char* file) {
  std::optional<int64_t> limit = read_limit(mount / file);
  for (group = group.relative_path(); !group.empty(); group = group.parent_path()) {
    limit = smaller(limit, read_limit(mount / group / file));
  }
  return limit;
}

}  // namespace

std::optional<int64_t> cgroup_memory_limit(const fs::path& membership, const fs::path& root) {
  std::ifstream in(membership);
  std::optional<int64_t> limit;
  for (std::string line; std::getline(in, line);) {  // hierarchy:controllers:path
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const fs::path group = line.substr(second + 1);
    if (controllers == ",,") limit = smaller(limit, limit_upwards(root, group, "memory.max"));
    if (controllers.find(",memory,") != std::string::npos) {
      limit = smaller(limit, limit_upwards(root / "memory", group, "memory.limit_in_bytes"));
    }
  }
  return limit;
}

int64_t host_memory_bytes() {
  const int64_t physical = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGE_SIZE);
  return std::min(physical, cgroup_memory_limit("/proc/self/cgroup", "/sys/fs/cgroup").value_or(physical));
}

}  // namespace titan::platform
