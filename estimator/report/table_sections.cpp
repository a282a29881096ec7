#include "estimator/report/table_sections.h"

#include <algorithm>
#include <array>

#include "estimator/report/quantity_text.h"
#include "runtime/metrics/number_text.h"

namespace titan::estimator {
namespace {

constexpr size_t kMostRoles = 16;  // lines; a pipeline of 16 stages is shown whole

/// One line of a breakdown: name, value, share of the whole, bar.
void write_part(TablePage& page, const std::string& name, const std::string& value, double share) {
  const std::string start = "  " + left(shortened(name, kNameWidth), kNameWidth) + right(value, kValueWidth) +
                            right(share_text(share), kShareWidth) + "  ";
  page.line(start + bar(share, page.width - display_width(start)));
}

/// A sum under a breakdown, with a remark.
void write_sum(TablePage& page, const std::string& name, const std::string& value, const std::string& remark) {
  page.paragraph("  " + left(name, kNameWidth) + right(value, kValueWidth) + "   ", remark);
}

template <class Value>
std::vector<std::pair<std::string, Value>> largest_first(const std::map<std::string, Value>& parts) {
  std::vector<std::pair<std::string, Value>> sorted(parts.begin(), parts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

std::string parts_text(const std::map<std::string, int64_t>& parts) {
  std::string text;
  for (const auto& [name, bytes] : largest_first(parts)) {
    text += (text.empty() ? "" : ", ") + unbroken(name + " " + bytes_text(bytes));
  }
  return text;
}

/// Which ranks a role is, for a sentence: "all 8 ranks", "pp 0, 64 ranks".
std::string whose_text(const Estimate& estimate, const RoleMemory& role) {
  const std::string count = metrics::with_commas(static_cast<double>(role.multiplicity), 0);
  const std::string ranks = role.multiplicity == 1 ? " rank" : " ranks";
  if (estimate.memory.size() == 1) return (role.multiplicity == 1 ? "" : "all ") + count + ranks;
  return role_name(estimate, role) + ", " + count + ranks;
}

void write_remedies(TablePage& page, const Estimate& estimate) {
  if (estimate.remedies.empty()) {
    page.line("  No single change that was tried makes it fit.");
    return;
  }
  page.line("What makes it fit, smallest change first:");
  for (const Remedy& remedy : estimate.remedies) {
    const std::string gain = right(bytes_text(remedy.device_used_bytes), kValueWidth) +
                             right(rate_text(remedy.tokens_per_second_per_gpu), 8) + " tokens/s";
    const size_t room = page.width - display_width(gain) - 2;
    if (display_width(remedy.change) <= room) {
      page.line("  " + left(remedy.change, room) + gain);
    } else {
      page.paragraph("  ", remedy.change);
      page.line(right(gain, page.width));
    }
  }
}

/// What one kind of step takes at its peak; empty where nothing is known.
std::string peak_text(const std::map<std::string, int64_t>& peaks) {
  const auto allocated = peaks.find("peak_allocated"), reserved = peaks.find("peak_reserved");
  if (allocated == peaks.end() || reserved == peaks.end()) return "";
  return bytes_text(allocated->second) + " allocated, " + bytes_text(reserved->second) + " reserved";
}

}  // namespace

void write_subject(TablePage& page, const Estimate& estimate) {
  const Subject& subject = estimate.subject;
  const std::string degrees = subject.degrees_text().empty() ? "no parallelism" : subject.degrees_text();
  page.paragraph("", subject.model + " (" + count_text(subject.num_parameters) + " parameters) on " +
                         metrics::with_commas(static_cast<double>(subject.world_size), 0) + " x " + subject.hardware +
                         ", cluster " + subject.cluster + ", software " + subject.software);
  page.paragraph("", (subject.config.empty() ? "" : subject.config + ": ") + degrees + "; batch " +
                         std::to_string(subject.local_batch_size) + " x " + std::to_string(subject.seq_len) +
                         " tokens per data rank, " + std::to_string(subject.global_batch_size) +
                         " sequences per step; checkpointing " + subject.checkpointing);
}

void write_verdict(TablePage& page, const Estimate& estimate) {
  const RoleMemory& role = fullest(estimate);
  const int64_t capacity = estimate.subject.capacity_bytes;
  const int64_t room = capacity - role.device_used_bytes;
  const std::string needs = bytes_text(role.device_used_bytes) + " of " + bytes_text(capacity);
  if (estimate.fits) {
    page.line("FITS with " + bytes_text(room) + " to spare: " + needs + " on the fullest GPU", page.colours.green);
    if (may_not_fit(estimate)) {
      page.line("  narrowly: at the upper end of its interval it would not fit", page.colours.yellow);
    }
    return;
  }
  page.line(room < 0 ? "DOES NOT FIT: " + bytes_text(-room) + " too much, the fullest GPU needs " + needs
                     : "DOES NOT FIT: the allocator runs out of memory with " + needs + " in use",
            page.colours.red);
  if (role.out_of_memory) {
    page.paragraph("  ", "at " + role.out_of_memory->where + " (" + whose_text(estimate, role) + ")");
    page.paragraph("  ", role.out_of_memory->message);
  }
  write_remedies(page, estimate);
}

void write_speed(TablePage& page, const Estimate& estimate) {
  const auto row = [&](const std::string& name, const std::string& value, const std::string& remark = "") {
    page.line("  " + left(name, kNameWidth) + right(value, kValueWidth) + "   " + remark);
  };
  const Interval& interval = estimate.tokens_interval;
  row("tokens/s per GPU", rate_text(estimate.tokens_per_second_per_gpu),
      metrics::fixed(100.0 * estimate.interval_level, 0) + " % interval " + rate_text(interval.low) + " to " +
          rate_text(interval.high));
  row("step time", seconds_text(estimate.step_time_s));
  row("MFU", metrics::fixed(estimate.mfu_percent, 1) + " %");
  row("TFLOP/s per GPU", rate_text(estimate.tflops_per_gpu));
}

void write_memory(TablePage& page, const Estimate& estimate) {
  const RoleMemory& role = fullest(estimate);
  page.line("Memory" + std::string(estimate.memory.size() > 1 ? " of the fullest role" : "") + " (" +
            whose_text(estimate, role) + ")");
  for (const auto& [name, bytes] : largest_first(role.categories)) {
    if (bytes == 0) continue;
    write_part(page, name, bytes_text(bytes, role.device_used_bytes),
               share_of(static_cast<double>(bytes), static_cast<double>(role.device_used_bytes)));
  }
  write_sum(page, "= allocated at the peak", bytes_text(role.peak_allocated_bytes, role.device_used_bytes),
            "in " + role.peak_where);
  const Interval& interval = estimate.peak_reserved_interval;
  write_sum(page, "reserved", bytes_text(role.peak_reserved_bytes, role.device_used_bytes),
            metrics::fixed(100.0 * estimate.interval_level, 0) + " % interval " +
                bytes_text(static_cast<int64_t>(interval.low)) + " to " +
                bytes_text(static_cast<int64_t>(interval.high)));
  const std::string beside = parts_text(role.beside_allocator);
  write_sum(page, "used on the device", bytes_text(role.device_used_bytes, role.device_used_bytes),
            beside.empty() ? "" : "beside the allocator: " + beside);
  if (role.peak_host_bytes > 0) {
    write_sum(page, "in host memory", bytes_text(role.peak_host_bytes),
              "per rank: " + parts_text(role.host_categories));
  }
  const std::string first = peak_text(role.first_step), later = peak_text(role.steady);
  if (!first.empty() && !later.empty()) page.paragraph("  ", "first step " + first + "; later steps " + later);
}

void write_roles(TablePage& page, const Estimate& estimate) {
  if (estimate.memory.size() < 2) return;
  std::vector<const RoleMemory*> roles;
  for (const RoleMemory& role : estimate.memory) roles.push_back(&role);
  if (roles.size() > kMostRoles) {
    std::stable_sort(roles.begin(), roles.end(),
                     [](const auto* a, const auto* b) { return a->device_used_bytes > b->device_used_bytes; });
  }
  size_t name_width = display_width("role");
  for (const RoleMemory* role : roles) name_width = std::max(name_width, display_width(role_name(estimate, *role)));
  const auto line = [&](const std::string& name, const std::string& ranks, const std::array<std::string, 4>& bytes,
                        const std::string& where, std::string_view colour) {
    std::string text = "  " + left(name, name_width) + right(ranks, 7);
    for (const std::string& amount : bytes) text += right(amount, 11);
    page.line(text + "  " + where, colour);
  };
  line("role", "ranks", {"allocated", "reserved", "device", "room"}, "peak in", {});
  const int64_t largest = fullest(estimate).device_used_bytes;
  for (size_t i = 0; i < std::min(roles.size(), kMostRoles); ++i) {
    const RoleMemory& role = *roles[i];
    const int64_t room = estimate.subject.capacity_bytes - role.device_used_bytes;
    line(role_name(estimate, role), std::to_string(role.multiplicity),
         {bytes_text(role.peak_allocated_bytes, largest), bytes_text(role.peak_reserved_bytes, largest),
          bytes_text(role.device_used_bytes, largest), bytes_text(room, largest)},
         role.peak_where, room < 0 || role.out_of_memory ? page.colours.red : std::string_view());
  }
  if (roles.size() > kMostRoles) {
    page.line("  and " + std::to_string(roles.size() - kMostRoles) + " roles that use less");
  }
}

void write_time(TablePage& page, const Estimate& estimate) {
  const TimeBreakdown& time = estimate.time;
  const auto part = [&](const std::string& name, double seconds) {
    const double share = share_of(seconds, estimate.step_time_s);
    if (share > 0.0) write_part(page, name, seconds_text(seconds, estimate.step_time_s), share);
  };
  page.line("Where the " + seconds_text(estimate.step_time_s) + " of a step go on the slowest role");
  for (const auto& [name, seconds] : largest_first(time.compute_s)) part(name, seconds);
  for (const auto& [axis, seconds] : largest_first(time.exposed_communication_s)) {
    part("exposed " + axis, seconds);
  }
  part("pipeline bubble", time.bubble_s);
  part("waiting for the host", time.host_bound_s);
  part("the host computes", time.host_work_s);
  part("idle otherwise", other_idle_s(time));
  const double hidden = time.communication_s - time.total_exposed_s();
  page.line("  communication " + seconds_text(time.communication_s) + ", of which " +
            seconds_text(std::max(0.0, hidden)) + " hidden; host busy " + seconds_text(time.host_s) + " (" +
            share_text(share_of(time.host_s, estimate.step_time_s)) + ")");
}

void write_evidence(TablePage& page, const Estimate& estimate) {
  const Coverage& coverage = estimate.coverage;
  page.paragraph("", share_text(coverage.measured) + " of device time rests on measured shapes, " +
                         share_text(coverage.interpolated) + " between them, " + share_text(coverage.model) +
                         " on models, " + share_text(coverage.roofline) + " on rooflines");
  for (const std::string& note : estimate.subject.calibration) {
    const bool uncalibrated = note.find("UNCALIBRATED") != std::string::npos;
    page.paragraph("  ", note, uncalibrated ? page.colours.yellow : std::string_view());
  }
  for (const std::string& notice : estimate.subject.notices) page.paragraph("  notice: ", notice);
  page.line("predicted in " + seconds_text(estimate.elapsed_s));
}

}  // namespace titan::estimator
