#include "runtime/metrics/step_record.h"

#include <nlohmann/json.hpp>

#include "runtime/metrics/number_text.h"

namespace titan::metrics {
namespace {

using Json = nlohmann::ordered_json;  // keeps the order of the fields

std::string fixed_or_na(const std::optional<double>& value, int decimals, int width = 0) {
  return value ? fixed(*value, decimals, width) : "n/a";
}

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

std::string padded(int64_t step) { return (step >= 0 && step < 10 ? " " : "") + std::to_string(step); }

/// Joins fields with two spaces, each behind its colour.
class Line {
 public:
  void add(std::string_view colour, const std::string& field) {
    if (!text_.empty()) text_ += "  ";
    text_.append(colour).append(field);
  }
  std::string end(std::string_view reset) { return text_.append(reset); }

 private:
  std::string text_;
};

}  // namespace

std::string step_line(const StepRecord& record, const Colours& colours) {
  Line line;
  line.add(colours.red, "step: " + padded(record.step));
  line.add(colours.green, "loss: " + fixed_or_na(record.loss, 5, 8));
  line.add(colours.orange, "grad_norm: " + fixed_or_na(record.grad_norm, 4, 7));
  line.add(colours.turquoise, "memory: " + memory_text(record.memory_reserved_bytes, record.memory_capacity_bytes, 5));
  line.add(colours.blue, "tps: " + with_commas(record.tokens_per_second_per_device, 0));
  line.add(colours.cyan, "tflops: " + with_commas(record.tflops, 2));
  line.add(colours.magenta, "mfu: " + (record.mfu_percent ? fixed(*record.mfu_percent, 2) + "%" : "n/a"));
  return line.end(colours.reset);
}

std::string validation_line(const ValidationRecord& record, const Colours& colours) {
  Line line;
  line.add(colours.yellow, "validate step: " + padded(record.step));
  line.add(colours.green, "loss: " + fixed_or_na(record.loss, 4, 7));
  line.add(colours.turquoise, "memory: " + memory_text(record.memory_reserved_bytes, record.memory_capacity_bytes, 5));
  line.add(colours.blue, "tps: " + with_commas(record.tokens_per_second_per_device, 0));
  return line.end(colours.reset);
}

std::string json_line(const StepRecord& record) {
  return Json{
      {"step", record.step},
      {"loss", or_null(record.loss)},
      {"max_loss", or_null(record.max_loss)},
      {"grad_norm", or_null(record.grad_norm)},
      {"lr", record.lr},
      {"tokens_per_second_per_device", record.tokens_per_second_per_device},
      {"mfu_percent", or_null(record.mfu_percent)},
      {"memory_reserved_bytes", record.memory_reserved_bytes},
      {"step_time_s", record.step_time_s},
      {"data_time_s", record.data_time_s},
      {"tokens_seen", record.tokens_seen},
  }
      .dump();
}

std::string json_line(const ValidationRecord& record) {
  return Json{
      {"step", record.step},
      {"loss", or_null(record.loss)},
      {"tokens_per_second_per_device", record.tokens_per_second_per_device},
      {"memory_reserved_bytes", record.memory_reserved_bytes},
      {"time_s", record.time_s},
  }
      .dump();
}

std::string capacity_line(const std::string& device_type, const std::string& device_name, int64_t capacity_bytes) {
  return upper_case(device_type) + " capacity: " + device_name + " with " + gib_text(capacity_bytes) + " memory";
}

std::string model_memory_line(const std::string& device_type, int64_t reserved_bytes, int64_t capacity_bytes) {
  return upper_case(device_type) + " memory usage for model: " + memory_text(reserved_bytes, capacity_bytes);
}

}  // namespace titan::metrics
