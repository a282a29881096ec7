#include "runtime/metrics/step_record.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "runtime/metrics/number_text.h"
#include "runtime/metrics/peak_flops.h"

namespace titan::metrics {
namespace {

constexpr int64_t kOneGiB = int64_t{1} << 30;

StepRecord example() {
  StepRecord record{.step = 7, .loss = 7.254321, .max_loss = 7.5, .grad_norm = 1.23456};
  record.lr = 8e-4;
  record.tokens_per_second_per_device = 12345.6;
  record.tflops = 1234.567;
  record.mfu_percent = 41.666;
  record.memory_reserved_bytes = kOneGiB + kOneGiB / 2;
  record.memory_capacity_bytes = 80 * kOneGiB;
  record.step_time_s = 0.1;
  record.data_time_s = 0.01;
  record.tokens_seen = 1 << 20;
  return record;
}

TEST(StepLine, HasTheReferencesFieldsAndWidths) {
  // 1.5 of 80 GiB are 1.875 %, to two decimals 1.88 (half to even).
  EXPECT_EQ(step_line(example(), colours(false)),
            "step:  7  loss:  7.25432  grad_norm:  1.2346  memory:  1.50GiB(1.88%)  tps: 12,346  tflops: 1,234.57  "
            "mfu: 41.67%");
}

TEST(StepLine, ColoursEachField) {
  EXPECT_EQ(step_line(example(), colours(true)),
            "\033[31mstep:  7  \033[32mloss:  7.25432  \033[38;2;180;60;0mgrad_norm:  1.2346  "
            "\033[38;2;54;234;195mmemory:  1.50GiB(1.88%)  \033[34mtps: 12,346  \033[36mtflops: 1,234.57  "
            "\033[35mmfu: 41.67%\033[39m");
}

TEST(StepLine, SaysNotAvailableWhereThereIsNoValue) {
  StepRecord record = example();
  record.step = 100;
  record.loss.reset(), record.grad_norm.reset(), record.mfu_percent.reset();
  EXPECT_EQ(step_line(record, colours(false)),
            "step: 100  loss: n/a  grad_norm: n/a  memory:  1.50GiB(1.88%)  tps: 12,346  tflops: 1,234.57  mfu: n/a");
}

TEST(ValidationLine, HasTheReferencesFieldsAndWidths) {
  const ValidationRecord record{.step = 10,
                                .loss = 5.43212,
                                .tokens_per_second_per_device = 999.4,
                                .memory_reserved_bytes = 2 * kOneGiB,
                                .memory_capacity_bytes = 8 * kOneGiB};
  EXPECT_EQ(validation_line(record, colours(false)),
            "validate step: 10  loss:  5.4321  memory:  2.00GiB(25.00%)  tps: 999");
  EXPECT_EQ(validation_line(record, colours(true)),
            "\033[33mvalidate step: 10  \033[32mloss:  5.4321  \033[38;2;54;234;195mmemory:  2.00GiB(25.00%)  "
            "\033[34mtps: 999\033[39m");
}

TEST(MemoryLines, NameTheDevice) {
  EXPECT_EQ(capacity_line("cuda", "NVIDIA H100", 80 * kOneGiB), "CUDA capacity: NVIDIA H100 with 80.00GiB memory");
  EXPECT_EQ(model_memory_line("cpu", kOneGiB, 4 * kOneGiB), "CPU memory usage for model: 1.00GiB(25.00%)");
  EXPECT_EQ(model_memory_line("cpu", kOneGiB, 0), "CPU memory usage for model: 1.00GiB(0.00%)");
}

TEST(NumberText, GroupsThousands) {
  EXPECT_EQ(with_commas(0, 0), "0");
  EXPECT_EQ(with_commas(999, 0), "999");
  EXPECT_EQ(with_commas(1000, 0), "1,000");
  EXPECT_EQ(with_commas(-1000, 0), "-1,000");
  EXPECT_EQ(with_commas(-100, 0), "-100");
  EXPECT_EQ(with_commas(1234567.891, 2), "1,234,567.89");
  EXPECT_EQ(with_commas(2.5, 0), "2");  // half to even, as Python's round
}

TEST(NumberText, WritesNotFiniteNumbersLikePython) {
  EXPECT_EQ(fixed(std::nan(""), 5, 8), "     nan");
  EXPECT_EQ(fixed(-std::nan(""), 5, 8), "     nan");
  EXPECT_EQ(fixed(-std::numeric_limits<double>::infinity(), 2), "-inf");
  EXPECT_EQ(with_commas(std::numeric_limits<double>::infinity(), 2), "inf");
}

TEST(JsonLine, HoldsTheNamedFieldsInOrder) {
  EXPECT_EQ(json_line(example()),
            R"({"step":7,"loss":7.254321,"max_loss":7.5,"grad_norm":1.23456,"lr":0.0008,)"
            R"("tokens_per_second_per_device":12345.6,"mfu_percent":41.666,"memory_reserved_bytes":1610612736,)"
            R"("step_time_s":0.1,"data_time_s":0.01,"tokens_seen":1048576})");
}

TEST(JsonLine, WritesNullWhereThereIsNoNumber) {
  StepRecord record = example();
  record.loss.reset(), record.mfu_percent.reset();
  record.grad_norm = std::nan("");
  const auto object = nlohmann::json::parse(json_line(record));
  EXPECT_TRUE(object["loss"].is_null());
  EXPECT_TRUE(object["mfu_percent"].is_null());
  EXPECT_TRUE(object["grad_norm"].is_null());
}

TEST(JsonLine, GivesBackEveryDoubleBitForBit) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    StepRecord record = example();
    record.loss = value;
    const auto object = nlohmann::json::parse(json_line(record));
    ASSERT_EQ(std::bit_cast<uint64_t>(object["loss"].get<double>()), std::bit_cast<uint64_t>(value));
  }
}

TEST(PeakFlops, FollowsTheReferencesTable) {
  const std::vector<std::pair<const char*, double>> expected{{"NVIDIA A100-SXM4-80GB", 312e12},
                                                             {"NVIDIA H100 NVL", 835e12},
                                                             {"NVIDIA H100 PCIe", 756e12},
                                                             {"NVIDIA H100 80GB HBM3", 989e12},
                                                             {"NVIDIA H200", 989e12},
                                                             {"NVIDIA H20", 148e12},
                                                             {"NVIDIA B200", 2.25e15},
                                                             {"NVIDIA GB200", 2.5e15},
                                                             {"AMD Instinct MI300X", 1300e12},
                                                             {"AMD Instinct MI325X", 1300e12},
                                                             {"AMD Instinct MI250X", 191.5e12},
                                                             {"AMD Instinct MI355X", 2500e12},
                                                             {"NVIDIA L40S", 362e12}};
  for (const auto& [name, flops] : expected) {
    EXPECT_EQ(peak_flops("cuda", name).per_second, flops) << name;
    EXPECT_EQ(peak_flops("cuda", name).warning, "") << name;
  }
}

TEST(PeakFlops, FallsBackToA100WithAWarning) {
  const PeakFlops peak = peak_flops("cuda", "Quadro");
  EXPECT_EQ(peak.per_second, 312e12);
  EXPECT_EQ(peak.warning, "Peak flops of 'Quadro' are unknown, MFU is relative to an A100 (312e12)");
}

TEST(PeakFlops, HasNoneForACpu) { EXPECT_EQ(peak_flops("cpu", "anything").per_second, std::nullopt); }

}  // namespace
}  // namespace titan::metrics
