#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "estimator/simulate/simulate.h"
#include "tests/estimator/simulate/scenario.h"

namespace titan::test {
namespace {

constexpr const char* kGolden = TITAN_SOURCE_DIR "/tests/golden/estimate/llama3_8b_8x_h100.txt";

/// Bytes as they are; times to five digits, as the last ones are the compiler's.
class GoldenText {
 public:
  void bytes(const std::string& name, int64_t value) { lines_ << name << " " << value << "\n"; }
  void number(const std::string& name, double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.5g", value);
    lines_ << name << " " << text << "\n";
  }
  void text(const std::string& name, const std::string& value) { lines_ << name << " " << value << "\n"; }
  std::string str() const { return lines_.str(); }

 private:
  std::ostringstream lines_;
};

void add_memory(const estimator::RoleMemory& role, GoldenText& golden) {
  golden.bytes("peak_allocated_bytes", role.peak_allocated_bytes);
  golden.bytes("peak_reserved_bytes", role.peak_reserved_bytes);
  golden.bytes("device_used_bytes", role.device_used_bytes);
  golden.text("peak_where", role.peak_where);
  for (const auto& [name, bytes] : role.categories) golden.bytes("categories." + name, bytes);
  for (const auto& [name, bytes] : role.first_step) golden.bytes("first_step." + name, bytes);
  for (const auto& [name, bytes] : role.steady) golden.bytes("steady." + name, bytes);
}

std::string golden_text(const estimator::Estimate& estimate) {
  GoldenText golden;
  golden.number("tokens_per_second_per_gpu", estimate.tokens_per_second_per_gpu);
  golden.number("tokens_per_second_per_gpu.low", estimate.tokens_interval.low);
  golden.number("tokens_per_second_per_gpu.high", estimate.tokens_interval.high);
  golden.number("step_time_s", estimate.step_time_s);
  golden.number("mfu_percent", estimate.mfu_percent);
  for (const auto& [name, seconds] : estimate.time.compute_s) golden.number("compute_s." + name, seconds);
  for (const auto& [name, seconds] : estimate.time.exposed_communication_s) golden.number("exposed_s." + name, seconds);
  golden.number("communication_s", estimate.time.communication_s);
  golden.number("host_s", estimate.time.host_s);
  add_memory(fullest(estimate), golden);
  return golden.str();
}

TEST(GoldenEstimate, OfLlama3_8BOnEightH100DoesNotDrift) {
  const auto text = golden_text(estimator::simulate(llama3("8B", 8, checkpointing("op")).request()));
  if (std::getenv("TITAN_REGENERATE_GOLDEN") != nullptr) std::ofstream(kGolden) << text;
  std::ostringstream golden;
  golden << std::ifstream(kGolden).rdbuf();
  EXPECT_EQ(text, golden.str())
      << "The estimate of an unchanged configuration has changed. If that is meant (a better model, a new calibration, "
         "another order of allocations), say why in the commit and write the golden anew:\n"
         "  TITAN_REGENERATE_GOLDEN=1 build/release/bin/simulate_test --gtest_filter='GoldenEstimate.*'\n"
         "then check that `titan validate published` has not become worse and review the difference.";
}

}  // namespace
}  // namespace titan::test
