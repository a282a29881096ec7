#include "tests/sim/memory/allocator_text.h"

#include <sstream>

namespace titan::memory {
namespace {

using Named = std::vector<std::pair<std::string, int64_t>>;

void append(Named& values, const std::string& name, const Stat& stat) {
  values.emplace_back(name + ".current", stat.current);
  values.emplace_back(name + ".peak", stat.peak);
  values.emplace_back(name + ".allocated", stat.allocated);
  values.emplace_back(name + ".freed", stat.freed);
}

void append(Named& values, const std::string& name, const PoolStats& stats) {
  append(values, name + ".allocation", stats.allocation);
  append(values, name + ".segment", stats.segment);
  append(values, name + ".active", stats.active);
  append(values, name + ".inactive_split", stats.inactive_split);
  append(values, name + ".allocated_bytes", stats.allocated_bytes);
  append(values, name + ".reserved_bytes", stats.reserved_bytes);
  append(values, name + ".active_bytes", stats.active_bytes);
  append(values, name + ".inactive_split_bytes", stats.inactive_split_bytes);
  append(values, name + ".requested_bytes", stats.requested_bytes);
}

Named flatten(const AllocatorStats& stats) {
  Named values;
  append(values, "all", stats.all);
  append(values, "small_pool", stats.small_pool);
  append(values, "large_pool", stats.large_pool);
  append(values, "oversize_allocations", stats.oversize_allocations);
  append(values, "oversize_segments", stats.oversize_segments);
  values.emplace_back("num_alloc_retries", stats.num_alloc_retries);
  values.emplace_back("num_ooms", stats.num_ooms);
  values.emplace_back("num_sync_all_streams", stats.num_sync_all_streams);
  values.emplace_back("num_device_alloc", stats.num_device_alloc);
  values.emplace_back("num_device_free", stats.num_device_free);
  return values;
}

std::string to_text(const std::vector<SegmentInfo>& segments, size_t index) {
  if (index >= segments.size()) return "no segment\n";
  const SegmentInfo& segment = segments[index];
  std::ostringstream text;
  text << "segment at " << segment.address << " of " << segment.total_bytes << " allocated " << segment.allocated_bytes
       << " active " << segment.active_bytes << " requested " << segment.requested_bytes << " stream " << segment.stream
       << (segment.small ? " small" : " large") << (segment.expandable ? " expandable" : " native") << "\n";
  for (const BlockInfo& block : segment.blocks) {
    text << "  " << block.address << " size " << block.size << " requested " << block.requested_bytes << " state "
         << static_cast<int>(block.state) << "\n";
  }
  return text.str();
}

}  // namespace

std::string difference(const AllocatorStats& ours, const AllocatorStats& theirs) {
  const Named a = flatten(ours);
  const Named b = flatten(theirs);
  std::ostringstream text;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) text << a[i].first << ": " << a[i].second << " and " << b[i].second << "\n";
  }
  return text.str();
}

std::string difference(const std::vector<SegmentInfo>& ours, const std::vector<SegmentInfo>& theirs) {
  size_t index = 0;
  while (index < ours.size() && index < theirs.size() && ours[index] == theirs[index]) ++index;
  if (index == ours.size() && index == theirs.size()) return "";
  return "ours: " + to_text(ours, index) + "theirs: " + to_text(theirs, index);
}

}  // namespace titan::memory
