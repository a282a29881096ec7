#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "estimator/report/estimate.h"
#include "estimator/report/table.h"

namespace titan::estimator {

/// One step of a waterfall.
struct Part {
  std::string name;
  int64_t from = 0, to = 0;
  int64_t change() const { return to - from; }
  bool operator==(const Part&) const = default;
};

/// Two totals and the parts that lead from one to the other; both columns of parts sum exactly to the totals, so the
/// changes sum to the difference.
struct Waterfall {
  int64_t from = 0, to = 0;
  std::vector<Part> parts;
  int64_t change() const { return to - from; }
};

/// Splits both steps by compute class, exposed communication by axis, bubble, waiting for the host, other idle time.
/// In picoseconds: whole numbers, so that sums are exact; what rounding leaves is "unattributed".
Waterfall time_waterfall(const Estimate& from, const Estimate& to);

/// Splits what the fullest roles use on the device: categories of allocated memory at the peak, what the allocator
/// holds beyond, what the process holds beside the allocator. In bytes.
Waterfall memory_waterfall(const Estimate& from, const Estimate& to);

/// A setting that both estimates do not share; "default" where one does not set it.
struct ChangedSetting {
  std::string key;
  std::string from, to;
  bool operator==(const ChangedSetting&) const = default;
};

/// Lists what differs in config, model, hardware, cluster, software, world size and settings.
std::vector<ChangedSetting> changed_settings(const Estimate& from, const Estimate& to);

struct DiffOptions {
  TableOptions table;
  double tolerance = 0.01;  // relative, of tokens/s per GPU and of device memory
};

/// Two estimates side by side.
struct Diff {
  Estimate from, to;
  Waterfall time, memory;
  std::vector<ChangedSetting> settings;
};

Diff diff(Estimate from, Estimate to);

/// Says whether tokens/s per GPU and device memory agree within `tolerance`, and both fit or both do not.
bool same_within(const Diff& diff, double tolerance);

/// Writes the comparison for a console; `from_name` and `to_name` head the columns. In each waterfall the printed
/// parts sum to the printed total.
std::string diff_text(const Diff& diff, const std::string& from_name, const std::string& to_name,
                      const DiffOptions& options = {});

}  // namespace titan::estimator
