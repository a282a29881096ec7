#include "estimator/report/html.h"

#include <algorithm>

#include "estimator/report/html_charts.h"
#include "estimator/report/quantity_text.h"
#include "runtime/metrics/number_text.h"

namespace titan::estimator {
namespace {

constexpr size_t kMostRoleRows = 64;

double byte_share(int64_t part, int64_t whole) {
  return share_of(static_cast<double>(part), static_cast<double>(whole));
}

std::string section(const std::string& title, const std::string& note, const std::string& body) {
  return "<section><h2>" + escaped(title) + "</h2>\n" +
         (note.empty() ? "" : "<p class=\"soft\">" + escaped(note) + "</p>\n") + body + "</section>\n";
}

std::string header(const Subject& subject) {
  const std::string degrees = subject.degrees_text();
  return "<header><p class=\"eyebrow\">titan estimate" + escaped(subject.config.empty() ? "" : " · " + subject.config) +
         "</p>\n<h1>" + escaped(subject.model) + " on " +
         metrics::with_commas(static_cast<double>(subject.world_size), 0) + " × " + escaped(subject.hardware) +
         "</h1>\n<p class=\"soft\">" + escaped(count_text(subject.num_parameters)) + " parameters" +
         escaped(degrees.empty() ? "" : ", " + degrees) + "; batch " + std::to_string(subject.local_batch_size) +
         " × " + metrics::with_commas(static_cast<double>(subject.seq_len), 0) + " tokens per data rank, " +
         std::to_string(subject.global_batch_size) + " sequences per step; checkpointing " +
         escaped(subject.checkpointing) + "; cluster " + escaped(subject.cluster) + ", software " +
         escaped(subject.software) + "</p></header>\n";
}

std::string tile(const std::string& name, const std::string& value, const std::string& remark) {
  return "<div class=\"tile\"><span>" + escaped(name) + "</span><b>" + escaped(value) + "</b><span>" + escaped(remark) +
         "</span></div>\n";
}

/// The device's memory as one bar: allocated, held beyond, beside the allocator, free; the limit where it is passed.
std::string meter(const Estimate& estimate, const RoleMemory& role) {
  const int64_t capacity = estimate.subject.capacity_bytes;
  const int64_t whole = std::max<int64_t>({1, capacity, role.device_used_bytes});
  const struct {
    const char* colour;
    std::string name;
    int64_t bytes;
  } parts[] = {
      {"m-allocated", "allocated", role.peak_allocated_bytes},
      {"m-reserved", "held by the allocator beyond that", role.peak_reserved_bytes - role.peak_allocated_bytes},
      {"m-beside", "beside the allocator", role.device_used_bytes - role.peak_reserved_bytes},
      {"m-free", "free", std::max<int64_t>(0, capacity - role.device_used_bytes)}};
  std::string bar = "<div class=\"meter\"><div>", keys;
  for (const auto& part : parts) {
    if (part.bytes <= 0) continue;
    bar += "<i class=\"" + std::string(part.colour) +
           "\" style=\"flex:" + plain_number(1000.0 * byte_share(part.bytes, whole), 3) + " 0 0\"></i>";
    keys +=
        "<li><i class=\"" + std::string(part.colour) + "\"></i>" + part.name + " " + bytes_text(part.bytes) + "</li>";
  }
  bar += "</div>";
  if (role.device_used_bytes > capacity) {
    bar += "<i class=\"limit\" style=\"left:" + plain_number(100.0 * byte_share(capacity, whole), 3) + "%\"></i>";
  }
  return bar + "</div><ul class=\"legend\">" + keys + "</ul>\n";
}

std::string verdict(const Estimate& estimate, const RoleMemory& role) {
  const int64_t room = estimate.subject.capacity_bytes - role.device_used_bytes;
  if (estimate.fits) return "Fits, " + bytes_text(room) + " to spare";
  return room < 0 ? "Does not fit, " + bytes_text(-room) + " too much"
                  : "Does not fit: the allocator runs out of memory";
}

std::string answer(const Estimate& estimate) {
  const RoleMemory& role = fullest(estimate);
  const Interval& tokens = estimate.tokens_interval;
  std::string out = "<section class=\"answer " + std::string(estimate.fits ? "fits" : "over") +
                    "\"><span class=\"verdict\">" + escaped(verdict(estimate, role)) + "</span>\n";
  if (may_not_fit(estimate)) out += "<p>Narrowly: at the upper end of its interval it would not fit.</p>\n";
  if (role.out_of_memory) {
    out += "<p>At " + escaped(role.out_of_memory->where) + "</p><p class=\"soft\">" +
           escaped(role.out_of_memory->message) + "</p>\n";
  }
  out += "<div class=\"tiles\">" +
         tile("tokens/s per GPU", rate_text(estimate.tokens_per_second_per_gpu),
              metrics::fixed(100.0 * estimate.interval_level, 0) + " % interval " + rate_text(tokens.low) + " to " +
                  rate_text(tokens.high)) +
         tile("step time", seconds_text(estimate.step_time_s), "on the slowest role") +
         tile("MFU", metrics::fixed(estimate.mfu_percent, 1) + " %",
              rate_text(estimate.tflops_per_gpu) + " TFLOP/s per GPU") +
         tile("device memory", bytes_text(role.device_used_bytes),
              "of " + bytes_text(estimate.subject.capacity_bytes) + " on the fullest GPU") +
         "</div>\n";
  return out + meter(estimate, role) + "</section>\n";
}

std::string remedies(const Estimate& estimate) {
  std::string rows;
  for (const Remedy& remedy : estimate.remedies) {
    rows += "<div class=\"remedy\"><code>" + escaped(remedy.change) + "</code><span class=\"number\">" +
            bytes_text(remedy.device_used_bytes) + "</span><span class=\"number\">" +
            rate_text(remedy.tokens_per_second_per_gpu) + " tokens/s</span></div>\n";
  }
  return section("What makes it fit",
                 "Smallest change first, with what the fullest GPU then uses and the speed per GPU.", rows);
}

std::string time_bars(const Estimate& estimate) {
  const TimeBreakdown& time = estimate.time;
  std::vector<Bar> bars;
  const auto add = [&](const std::string& name, double seconds, const std::string& colour) {
    const double share = share_of(seconds, estimate.step_time_s);
    if (share > 0.0) bars.push_back({name, seconds_text(seconds, estimate.step_time_s), share, colour});
  };
  for (const char* name : {"matmul", "attention", "memory", "tiny"}) {
    if (const auto found = time.compute_s.find(name); found != time.compute_s.end()) {
      add(name, found->second, "k-" + std::string(name));
    }
  }
  for (const auto& [name, seconds] : time.compute_s) {
    if (name != "matmul" && name != "attention" && name != "memory" && name != "tiny") add(name, seconds, "k-other");
  }
  for (const auto& [axis, seconds] : time.exposed_communication_s) add("exposed " + axis, seconds, "k-communication");
  add("pipeline bubble", time.bubble_s, "k-bubble");
  add("waiting for the host", time.host_bound_s, "c7");
  add("the host computes", time.host_work_s, "c7");
  add("idle otherwise", other_idle_s(time), "k-idle");
  const double hidden = std::max(0.0, time.communication_s - time.total_exposed_s());
  return section("Where the time of a step goes",
                 "On the slowest role. Communication " + seconds_text(time.communication_s) + ", of which " +
                     seconds_text(hidden) + " hidden; host busy " + seconds_text(time.host_s) + ".",
                 bar_chart(bars));
}

/// Colours as in the curve over time, whose categories come in an order of their own.
std::string colour_of(const RoleMemory& role, const std::string& category, size_t position) {
  const auto& names = role.curve.categories;
  const auto found = std::find(names.begin(), names.end(), category);
  return category_colour(found == names.end() ? position : static_cast<size_t>(found - names.begin()));
}

std::string host_text(const RoleMemory& role) {
  if (role.peak_host_bytes == 0) return "";
  return " Each rank holds " + bytes_text(role.peak_host_bytes) + " more in its host's memory.";
}

std::string memory_bars(const RoleMemory& role) {
  std::vector<Bar> bars;
  size_t position = 0;
  for (const auto& [name, bytes] : role.categories) {
    const double share = byte_share(bytes, role.peak_allocated_bytes);
    const std::string colour = colour_of(role, name, position++);
    if (bytes > 0) bars.push_back({name, bytes_text(bytes, role.peak_allocated_bytes), share, colour});
  }
  std::stable_sort(bars.begin(), bars.end(), [](const Bar& a, const Bar& b) { return a.share > b.share; });
  return section("Memory at the peak",
                 bytes_text(role.peak_allocated_bytes) + " allocated in " + role.peak_where + "." + host_text(role),
                 bar_chart(bars));
}

std::string role_row(const Estimate& estimate, const RoleMemory& role) {
  const int64_t room = estimate.subject.capacity_bytes - role.device_used_bytes;
  const int64_t largest = fullest(estimate).device_used_bytes;
  const std::string bad = room < 0 || role.out_of_memory ? " class=\"bad\"" : "";
  return std::string("<tr") + (&role == &fullest(estimate) && estimate.memory.size() > 1 ? " class=\"full\"" : "") +
         "><td class=\"l\">" + escaped(role_name(estimate, role)) + "</td><td>" + std::to_string(role.multiplicity) +
         "</td><td>" + bytes_text(role.peak_allocated_bytes, largest) + "</td><td>" +
         bytes_text(role.peak_reserved_bytes, largest) + "</td><td>" + bytes_text(role.device_used_bytes, largest) +
         "</td><td" + bad + ">" + bytes_text(room, largest) + "</td><td class=\"l\">" + escaped(role.peak_where) +
         "</td></tr>\n";
}

std::string roles(const Estimate& estimate) {
  std::string rows;
  for (size_t i = 0; i < std::min(kMostRoleRows, estimate.memory.size()); ++i)
    rows += role_row(estimate, estimate.memory[i]);
  const std::string note =
      estimate.memory.size() > kMostRoleRows
          ? "The first " + std::to_string(kMostRoleRows) + " of " + std::to_string(estimate.memory.size()) + "."
          : "Ranks that do the same are one role; the fullest is marked.";
  return section("Roles", estimate.memory.size() == 1 ? "" : note,
                 "<div class=\"scroll\"><table><tr><th class=\"l\">role</th><th>ranks</th><th>allocated</th>"
                 "<th>reserved</th><th>device</th><th>room</th><th class=\"l\">peak in</th></tr>\n" +
                     rows + "</table></div>\n");
}

std::string evidence(const Estimate& estimate) {
  const Coverage& coverage = estimate.coverage;
  std::vector<Bar> bars;
  const auto add = [&](const char* name, double share, const char* colour) {
    bars.push_back({name, seconds_text(share * estimate.step_time_s, estimate.step_time_s), share, colour});
    bars.back().value = "";
  };
  add("measured shapes", coverage.measured, "c5");
  add("between them", coverage.interpolated, "c2");
  add("models", coverage.model, "c3");
  add("rooflines", coverage.roofline, "c1");
  std::string notes;
  for (const std::string& note : estimate.subject.calibration) {
    const bool uncalibrated = note.find("UNCALIBRATED") != std::string::npos;
    notes += std::string("<li") + (uncalibrated ? " class=\"warn\"" : "") + ">" + escaped(note) + "</li>\n";
  }
  for (const std::string& notice : estimate.subject.notices) notes += "<li>" + escaped(notice) + "</li>\n";
  return section(
      "What the numbers rest on",
      "Share of device time by the source of its price. Predicted in " + seconds_text(estimate.elapsed_s) + ".",
      bar_chart(bars) + (notes.empty() ? "" : "<ul class=\"notes\">" + notes + "</ul>\n"));
}

std::string settings(const Subject& subject) {
  std::string rows;
  for (const auto& [key, value] : subject.keys) {
    rows += "<tr><td class=\"l\"><code>" + escaped(key) + "</code></td><td class=\"l wrap\"><code>" + escaped(value) +
            "</code></td></tr>\n";
  }
  return section("Settings", "Keys that differ from their default.",
                 "<div class=\"scroll\"><table>" + rows + "</table></div>\n");
}

}  // namespace

std::string html(const Estimate& estimate) {
  const RoleMemory& role = fullest(estimate);
  std::string page =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
      escaped("titan estimate: " + estimate.subject.model) + "</title>\n<style>" + kStyle +
      "</style></head>\n<body><main>\n" + header(estimate.subject) + answer(estimate);
  if (!estimate.remedies.empty()) page += remedies(estimate);
  if (!role.curve.samples.empty()) {
    page += section("Memory over one step",
                    "Allocated on the fullest role (" + role_name(estimate, role) + "), by category.",
                    memory_chart(estimate, role));
  }
  page += memory_bars(role);
  if (!estimate.timeline.empty()) {
    page += section("One step", "The slowest role's host and streams. Point at a bar for its name.",
                    timeline_chart(estimate));
  }
  page += time_bars(estimate) + roles(estimate) + evidence(estimate);
  if (!estimate.subject.keys.empty()) page += settings(estimate.subject);
  return page + "</main>\n<script>" + kScript + "</script></body></html>\n";
}

}  // namespace titan::estimator
