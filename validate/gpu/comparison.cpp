#include "validate/gpu/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "runtime/config/config_error.h"

namespace titan::validate {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kGib = 1024.0 * 1024.0 * 1024.0;

template <class... Args>
std::string format(const char* pattern, Args... args) {
  char text[256];
  std::snprintf(text, sizeof text, pattern, args...);
  return text;
}

double gib(int64_t bytes) { return static_cast<double>(bytes) / kGib; }

std::optional<double> error(double predicted, double measured) {
  if (measured == 0.0) return std::nullopt;
  return predicted / measured - 1.0;
}

std::optional<double> error(int64_t predicted, int64_t measured) {
  return error(static_cast<double>(predicted), static_cast<double>(measured));
}

std::string percent(const std::optional<double>& share) { return share ? format("%+.1f%%", 100.0 * *share) : "-"; }

std::string cell(double predicted, double measured, const std::optional<double>& relative, const char* pattern) {
  return format(pattern, predicted, measured) + format("%8s", percent(relative).c_str());
}

std::string row(const GpuResult& result) {
  const auto &predicted = *result.predicted, &measured = result.measured->figures;
  const std::string name = format("%-20s", result.name.c_str());
  if (!predicted.fits || !measured.fits) {
    return name + format("  %s; the GPU %s%s\n", predicted.fits ? "predicted to fit" : "predicted not to fit",
                         measured.fits ? "ran it" : "ran out of memory", *agrees_on_fitting(result) ? "" : ": WRONG");
  }
  const auto errors = errors_of(result);
  const char* memory = "%7.2f%7.2f";
  return name +
         cell(gib(predicted.peak_allocated_bytes), gib(measured.peak_allocated_bytes), errors.allocated, memory) +
         cell(gib(predicted.peak_reserved_bytes), gib(measured.peak_reserved_bytes), errors.reserved, memory) +
         cell(gib(predicted.device_used_bytes), gib(measured.device_used_bytes), errors.device_used, memory) +
         cell(1e3 * predicted.step_time_s, 1e3 * measured.step_time_s, errors.step_time, "%8.1f%8.1f") + "\n";
}

std::string errors_line(const char* quantity, const std::vector<GpuResult>& results,
                        std::optional<double> GpuErrors::*member) {
  double sum = 0.0, worst = 0.0;
  int count = 0;
  for (const auto& result : results) {
    const auto relative = errors_of(result).*member;
    if (!relative) continue;
    ++count;
    sum += std::abs(*relative);
    worst = std::max(worst, std::abs(*relative));
  }
  if (count == 0) return "";
  return format("%-10s %2d configurations, mean %5.1f %%, worst %5.1f %%\n", quantity, count, 100 * sum / count,
                100 * worst);
}

Json figures_json(const GpuFigures& figures) {
  return {{"peak_allocated_bytes", figures.peak_allocated_bytes},
          {"peak_reserved_bytes", figures.peak_reserved_bytes},
          {"device_used_bytes", figures.device_used_bytes},
          {"step_time_s", figures.step_time_s},
          {"fits", figures.fits}};
}

Json error_json(const std::optional<double>& relative) { return relative ? Json(*relative) : Json(); }

Json result_json(const GpuResult& result) {
  const auto errors = errors_of(result);
  Json json{{"name", result.name},
            {"predicted", result.predicted ? figures_json(*result.predicted) : Json()},
            {"measured", result.measured ? figures_json(result.measured->figures) : Json()},
            {"errors",
             {{"allocated", error_json(errors.allocated)},
              {"reserved", error_json(errors.reserved)},
              {"device_used", error_json(errors.device_used)},
              {"step_time", error_json(errors.step_time)}}}};
  if (result.measured) json["step_time_spread"] = result.measured->step_time_spread;
  if (!result.failure.empty()) json["failure"] = result.failure;
  return json;
}

}  // namespace

GpuFigures figures_of(const estimator::Estimate& estimate) {
  const auto& memory = estimator::fullest(estimate);
  return {.peak_allocated_bytes = memory.peak_allocated_bytes,
          .peak_reserved_bytes = memory.peak_reserved_bytes,
          .device_used_bytes = memory.device_used_bytes,
          .step_time_s = estimate.step_time_s,
          .fits = estimate.fits};
}

std::string to_json(const GpuMeasurement& measurement) {
  Json json = figures_json(measurement.figures);
  json["gpu"] = measurement.gpu;
  json["step_time_spread"] = measurement.step_time_spread;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

GpuMeasurement measurement_from_json(std::string_view text, const std::string& file) {
  try {
    const auto json = Json::parse(text);
    return {.gpu = json.at("gpu"),
            .figures = {.peak_allocated_bytes = json.at("peak_allocated_bytes"),
                        .peak_reserved_bytes = json.at("peak_reserved_bytes"),
                        .device_used_bytes = json.at("device_used_bytes"),
                        .step_time_s = json.at("step_time_s"),
                        .fits = json.at("fits")},
            .step_time_spread = json.at("step_time_spread")};
  } catch (const nlohmann::json::exception& wrong) {
    throw config::ConfigError(file, std::string("is no measurement: ") + wrong.what());
  }
}

GpuErrors errors_of(const GpuResult& result) {
  if (!result.predicted || !result.measured) return {};
  const auto &predicted = *result.predicted, &measured = result.measured->figures;
  if (!predicted.fits || !measured.fits) return {};
  return {.allocated = error(predicted.peak_allocated_bytes, measured.peak_allocated_bytes),
          .reserved = error(predicted.peak_reserved_bytes, measured.peak_reserved_bytes),
          .device_used = error(predicted.device_used_bytes, measured.device_used_bytes),
          .step_time = error(predicted.step_time_s, measured.step_time_s)};
}

std::optional<bool> agrees_on_fitting(const GpuResult& result) {
  if (!result.predicted || !result.measured) return std::nullopt;
  return result.predicted->fits == result.measured->figures.fits;
}

std::vector<std::string> beyond(const std::vector<GpuResult>& results, double tolerance) {
  std::vector<std::string> lines;
  for (const auto& result : results) {
    if (agrees_on_fitting(result) == false) lines.push_back(result.name + ": prediction and GPU disagree on fitting");
    const auto errors = errors_of(result);
    const std::pair<const char*, std::optional<double>> all[] = {{"allocated", errors.allocated},
                                                                 {"reserved", errors.reserved},
                                                                 {"device", errors.device_used},
                                                                 {"step time", errors.step_time}};
    for (const auto& [quantity, relative] : all) {
      if (!relative || std::abs(*relative) <= tolerance) continue;
      lines.push_back(result.name + ": " + quantity + " " + percent(relative));
    }
  }
  return lines;
}

std::string comparison_text(const std::vector<GpuResult>& results) {
  std::string text = format("%-20s%22s%22s%22s%24s\n", "", "allocated GiB", "reserved GiB", "device GiB", "step ms");
  text += format("%-20s", "configuration");
  for (int i = 0; i < 3; ++i) text += format("%7s%7s%8s", "pred.", "meas.", "error");
  text += format("%8s%8s%8s\n", "pred.", "meas.", "error");
  for (const auto& result : results) {
    if (result.predicted && result.measured) text += row(result);
  }
  text += "\n" + errors_line("allocated", results, &GpuErrors::allocated) +
          errors_line("reserved", results, &GpuErrors::reserved) +
          errors_line("device", results, &GpuErrors::device_used) +
          errors_line("step time", results, &GpuErrors::step_time);
  for (const auto& result : results) {
    if (!result.failure.empty()) text += "failed: " + result.name + ": " + result.failure + "\n";
  }
  return text;
}

std::string comparison_json(const std::vector<GpuResult>& results, const std::string& hardware) {
  Json json{{"format", "titan validate gpu"}, {"version", 1}, {"hardware", hardware}, {"gpu", nullptr}};
  json["configurations"] = Json::array();
  for (const auto& result : results) {
    if (result.measured) json["gpu"] = result.measured->gpu;
    json["configurations"].push_back(result_json(result));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace titan::validate
