#include "validate/divergence/report_text.h"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace titan::validate {
namespace {

constexpr size_t kUnitWidth = 35;

std::string formatted(const char* format, double number) {
  char text[40];
  std::snprintf(text, sizeof text, format, number);
  return text;
}

std::string error_text(double error) { return error == 0.0 ? "0" : formatted("%.1e", error); }

std::string counted(int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string place(const Divergence& first) {
  std::string text = first.step == 0 ? "before step 1" : "at step " + std::to_string(first.step);
  if (first.microbatch >= 0) text += ", microbatch " + std::to_string(first.microbatch);
  text += ", " + std::string(name_of(first.stage));
  if (!first.unit.empty()) text += ", unit " + first.unit;
  return text + ", tensor " + first.tensor + ", rank " + std::to_string(first.rank);
}

std::string difference(const Divergence& first) {
  if (first.mismatch == Mismatch::missing) return "missing, the reference has it";
  if (first.mismatch == Mismatch::unexpected) return "unexpected, the reference has none";
  return "error " + error_text(first.error) + ", value[" + std::to_string(first.index) +
         "] = " + formatted("%.6g", first.value) + " where the reference has " + formatted("%.6g", first.reference);
}

std::string answer(const DivergenceReport& report) {
  if (!report.reference_fault.empty())
    return "NO REFERENCE: one rank alone is not finite, so there is nothing to compare with: " + report.reference_fault;
  if (!report.first) {
    std::string text = "agree: " + counted(report.world_size, "rank") + ", " + counted(report.num_steps, "step") +
                       ", " + counted(report.num_tensors, "tensor") + " compared, largest error " +
                       error_text(report.largest_error);
    return report.largest_error == 0.0 ? text : text + " (" + report.largest_where + ")";
  }
  const Divergence& first = *report.first;
  return "DIVERGE " + place(first) + ": " + difference(first);
}

std::string cell(const std::string& text, size_t width) {
  return text.size() >= width ? text : std::string(width - text.size(), ' ') + text;
}

// The end of a long name tells more than its beginning.
std::string name_cell(const std::string& name) {
  if (name.size() > kUnitWidth) return "..." + name.substr(name.size() - kUnitWidth + 3);
  return name + std::string(kUnitWidth - name.size(), ' ');
}

std::string row(const std::string& unit, const std::string& forward, const std::string& backward,
                const std::string& update) {
  return name_cell(unit) + cell(forward, 14) + cell(backward, 14) + cell(update, 14) + "\n";
}

nlohmann::ordered_json number(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

nlohmann::ordered_json first_json(const Divergence& first) {
  return {{"step", first.step},
          {"microbatch", first.microbatch},
          {"phase", name_of(first.stage)},
          {"unit", first.unit},
          {"tensor", first.tensor},
          {"rank", first.rank},
          {"mismatch", name_of(first.mismatch)},
          {"index", first.index},
          {"error", number(first.error)},
          {"value", number(first.value)},
          {"hint", first.hint},
          {"reference", number(first.reference)}};
}

}  // namespace

std::string report_text(const DivergenceReport& report) {
  std::string text = answer(report) + "\n";
  if (!report.growth.empty()) {
    text += "\nlargest error by unit in step " + std::to_string(report.num_steps) + ", all ranks (tolerance " +
            error_text(report.tolerance) + "):\n" + row("unit", "forward", "backward", "update");
  }
  for (const auto& unit : report.growth) {
    text += row(unit.unit, error_text(unit.forward), error_text(unit.backward), error_text(unit.update));
  }
  if (report.first && !report.first->hint.empty()) text += "\nhint: " + report.first->hint + "\n";
  return text;
}

std::string report_json(const DivergenceReport& report) {
  nlohmann::ordered_json object = {{"agrees", report.agrees()},
                                   {"ranks", report.world_size},
                                   {"steps", report.num_steps},
                                   {"tensors", report.num_tensors},
                                   {"tolerance", report.tolerance},
                                   {"largest_error", number(report.largest_error)},
                                   {"first", nullptr},
                                   {"units", nlohmann::ordered_json::array()}};
  if (report.first) object["first"] = first_json(*report.first);
  if (!report.reference_fault.empty()) object["reference_fault"] = report.reference_fault;
  for (const auto& unit : report.growth) {
    object["units"].push_back({{"unit", unit.unit},
                               {"forward", number(unit.forward)},
                               {"backward", number(unit.backward)},
                               {"update", number(unit.update)}});
  }
  return object.dump(2) + "\n";
}

}  // namespace titan::validate
