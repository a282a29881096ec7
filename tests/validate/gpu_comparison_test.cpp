// What is predicted for one GPU against what it measured.
#include "validate/gpu/comparison.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "runtime/config/config_error.h"

namespace titan::validate {
namespace {

constexpr int64_t kGib = int64_t{1} << 30;

// 11 / 10, 18 / 20, 30 / 30, 0.21 / 0.2: errors of +10, -10, 0 and +5 %.
GpuResult measured_result() {
  return {.name = "plain",
          .predicted = GpuFigures{.peak_allocated_bytes = 11 * kGib,
                                  .peak_reserved_bytes = 18 * kGib,
                                  .device_used_bytes = 30 * kGib,
                                  .step_time_s = 0.21},
          .measured = GpuMeasurement{.gpu = "NVIDIA H100 80GB HBM3",
                                     .figures = {.peak_allocated_bytes = 10 * kGib,
                                                 .peak_reserved_bytes = 20 * kGib,
                                                 .device_used_bytes = 30 * kGib,
                                                 .step_time_s = 0.2},
                                     .step_time_spread = 0.01},
          .failure = {}};
}

GpuResult with_fits(bool predicted, bool measured) {
  auto result = measured_result();
  result.predicted->fits = predicted;
  result.measured->figures.fits = measured;
  return result;
}

TEST(GpuComparison, GivesErrorsRelativeToWhatWasMeasured) {
  const auto errors = errors_of(measured_result());
  EXPECT_NEAR(*errors.allocated, 0.1, 1e-12);
  EXPECT_NEAR(*errors.reserved, -0.1, 1e-12);
  EXPECT_EQ(*errors.device_used, 0.0);
  EXPECT_NEAR(*errors.step_time, 0.05, 1e-12);
}

TEST(GpuComparison, HasNoErrorsWithoutBothFiguresOrOverNothing) {
  GpuResult result = measured_result();
  result.measured->figures.peak_allocated_bytes = 0;
  EXPECT_FALSE(errors_of(result).allocated);
  EXPECT_TRUE(errors_of(result).reserved);
  result.predicted.reset();
  EXPECT_FALSE(errors_of(result).reserved);
  EXPECT_FALSE(errors_of(with_fits(true, false)).step_time);
  EXPECT_FALSE(errors_of(with_fits(false, true)).step_time);
}

TEST(GpuComparison, TellsWhetherBothSidesAgreeOnFitting) {
  EXPECT_TRUE(*agrees_on_fitting(with_fits(true, true)));
  EXPECT_TRUE(*agrees_on_fitting(with_fits(false, false)));
  EXPECT_FALSE(*agrees_on_fitting(with_fits(true, false)));
  EXPECT_FALSE(*agrees_on_fitting(with_fits(false, true)));
  EXPECT_FALSE(agrees_on_fitting({.name = "neither"}));
}

// Step times +5 % and, at 0.16 for 0.2, -20 %: mean 12.5, worst 20.
TEST(GpuComparison, SumsErrorsUpByQuantity) {
  auto slower = measured_result();
  slower.predicted->step_time_s = 0.16;
  const auto text = comparison_text({measured_result(), slower});
  EXPECT_NE(text.find("step time   2 configurations, mean  12.5 %, worst  20.0 %"), std::string::npos) << text;
  EXPECT_NE(text.find("allocated   2 configurations, mean  10.0 %, worst  10.0 %"), std::string::npos) << text;
}

// Allocated and reserved memory are 10 % off, the step time 5 %.
TEST(GpuComparison, NamesWhatIsBeyondTheTolerance) {
  EXPECT_EQ(beyond({measured_result()}, 0.15), std::vector<std::string>());
  const auto lines = beyond({measured_result(), with_fits(true, false)}, 0.07);
  ASSERT_GE(lines.size(), 2u);
  EXPECT_EQ(lines.front(), measured_result().name + ": allocated +10.0%");
  EXPECT_EQ(lines.back(), with_fits(true, false).name + ": prediction and GPU disagree on fitting");
}

TEST(GpuComparison, PrintsRowsOutcomesAndFailuresWithin110Columns) {
  const auto text = comparison_text({measured_result(),
                                     with_fits(true, false),
                                     with_fits(false, false),
                                     {.name = "broken", .failure = "the run ended with status 1: no"}});
  EXPECT_NE(text.find("  11.00  10.00  +10.0%"), std::string::npos) << text;
  EXPECT_NE(text.find("  210.0   200.0   +5.0%"), std::string::npos) << text;
  EXPECT_NE(text.find("predicted to fit; the GPU ran out of memory: WRONG\n"), std::string::npos) << text;
  EXPECT_NE(text.find("predicted not to fit; the GPU ran out of memory\n"), std::string::npos) << text;
  EXPECT_NE(text.find("failed: broken: the run ended with status 1: no\n"), std::string::npos) << text;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 110u) << line;
}

TEST(GpuComparison, WritesWhatItShowsAsJson) {
  const auto json =
      nlohmann::json::parse(comparison_json({measured_result(), {.name = "broken", .failure = "no"}}, "h100_sxm_80gb"));
  EXPECT_EQ(json["hardware"], "h100_sxm_80gb");
  EXPECT_EQ(json["gpu"], "NVIDIA H100 80GB HBM3");
  const auto &plain = json["configurations"][0], &broken = json["configurations"][1];
  EXPECT_EQ(plain["predicted"]["peak_reserved_bytes"], 18 * kGib);
  EXPECT_EQ(plain["measured"]["step_time_s"], 0.2);
  EXPECT_NEAR(plain["errors"]["step_time"].get<double>(), 0.05, 1e-12);
  EXPECT_EQ(plain["step_time_spread"], 0.01);
  EXPECT_TRUE(broken["predicted"].is_null());
  EXPECT_TRUE(broken["errors"]["allocated"].is_null());
  EXPECT_EQ(broken["failure"], "no");
}

TEST(GpuComparison, ReadsBackTheMeasurementOfAnotherProcess) {
  const auto written = *measured_result().measured;
  const auto read = measurement_from_json(to_json(written), "file");
  EXPECT_EQ(to_json(read), to_json(written));
  EXPECT_EQ(read.gpu, written.gpu);
  EXPECT_EQ(read.figures.device_used_bytes, 30 * kGib);
  for (const char* broken : {"", "{", "[]", "{\"gpu\": \"H100\"}", "{\"gpu\": 1}"}) {
    EXPECT_THROW(measurement_from_json(broken, "file"), config::ConfigError) << broken;
  }
}

// The fullest of two roles is the one nearest to the device's capacity.
TEST(GpuComparison, TakesTheFiguresOfAnEstimatesFullestRole) {
  estimator::Estimate estimate;
  estimate.fits = true;
  estimate.step_time_s = 0.5;
  estimate.memory.resize(2);
  estimate.memory[1] = {.peak_allocated_bytes = 3, .peak_reserved_bytes = 4, .device_used_bytes = 5};
  const auto figures = figures_of(estimate);
  EXPECT_EQ(figures.peak_allocated_bytes, 3);
  EXPECT_EQ(figures.peak_reserved_bytes, 4);
  EXPECT_EQ(figures.device_used_bytes, 5);
  EXPECT_EQ(figures.step_time_s, 0.5);
  EXPECT_TRUE(figures.fits);
}

}  // namespace
}  // namespace titan::validate
