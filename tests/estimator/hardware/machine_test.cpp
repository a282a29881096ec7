#include "estimator/hardware/machine.h"

#include <gtest/gtest.h>

#include <fstream>

#include "estimator/hardware/units.h"
#include "runtime/config/config_error.h"
#include "tests/estimator/shipped.h"

namespace titan::hardware {
namespace {

TEST(LoadMachine, TakesTheClusterThatTheHardwareNames) {
  EXPECT_EQ(load_machine({.hardware = "gb200"}, kConfigs).cluster.gpus_per_node, 72);
  EXPECT_EQ(load_machine({.hardware = "gb200", .cluster = "b200_efa"}, kConfigs).cluster.gpus_per_node, 8);
}

TEST(LoadMachine, FindsFilesByTheEndOfTheirName) {
  EXPECT_EQ(load_machine({.hardware = "500w", .software = "2024-12"}, kConfigs).gpu.power.limit_w, 500);
}

// The repository's root holds a script called titan, the name of the default software.
TEST(LoadMachine, PrefersTheShippedFileToAnyFileOfItsName) {
  const auto before = std::filesystem::current_path();
  const auto folder = std::filesystem::path(testing::TempDir()) / "shipped_name";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "titan") << "#!/bin/sh\n";
  std::filesystem::current_path(folder);
  EXPECT_NO_THROW(load_machine({}, kConfigs));
  std::filesystem::current_path(before);
}

TEST(LoadMachine, SaysWhichFileNamesAClusterThatIsNotThere) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "no_cluster";
  std::filesystem::create_directories(folder);
  std::ifstream in(kConfigs / "hardware" / "gb200.toml");
  std::string text{std::istreambuf_iterator<char>(in), {}};
  text.replace(text.find("gb200_nvl72"), 11, "gb300_nvl72");
  std::ofstream(folder / "mine.toml") << text;
  try {
    load_machine({.hardware = (folder / "mine.toml").string()}, kConfigs);
    FAIL() << "no error";
  } catch (const config::ConfigError& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find("gpu.cluster in " + folder.string()), 0u) << message;
    EXPECT_NE(message.find("did you mean 'gb200_nvl72'?"), std::string::npos) << message;
  }
}

TEST(Factor, ReadsAndSetsNumbersOfAllThreeFiles) {
  Machine machine = load_machine({}, kConfigs);
  for (const char* key : {"gemm.rate", "network.efficiency", "host.op_us"}) {
    const double before = factor(machine, key);
    set_factor(machine, key, 0.9 * before);
    EXPECT_EQ(factor(machine, key), 0.9 * before) << key;
  }
  EXPECT_EQ(machine.gpu.gemm.rate, factor(machine, "gemm.rate"));
}

TEST(Factor, RefusesUnknownKeysAndValuesOutOfRange) {
  Machine machine = load_machine({}, kConfigs);
  EXPECT_THROW(factor(machine, "gemm.rat"), config::ConfigError);
  EXPECT_THROW(factor(machine, "deviation.part"), config::ConfigError);
  EXPECT_THROW(set_factor(machine, "gemm.rate", 15), config::ConfigError);
  machine.gpu.peak.float8_tflops.reset();
  EXPECT_THROW(factor(machine, "peak.float8_tflops"), config::ConfigError);
}

TEST(CalibrationLines, SayUncalibratedUntilAFitSaysOtherwise) {
  Machine machine = load_machine({}, kConfigs);
  EXPECT_EQ(calibration_lines(machine)[0].find("h100_sxm_80gb.toml: UNCALIBRATED: "), 0u);
  machine.gpu.calibration = {.calibrated = true, .statement = "ten rows"};
  EXPECT_EQ(calibration_lines(machine)[0], "h100_sxm_80gb.toml: calibrated: ten rows");
}

int64_t sum(const std::map<std::string, int64_t>& held) {
  int64_t total = 0;
  for (const auto& [what, bytes] : held) total += bytes;
  return total;
}

// One process alone: 0.47 + 0.45 GiB. With a communicator 0.5 GiB and 24 channels of 9.2 MiB more: 1.64 GiB, the middle
// of the 1.28 to 2.0 GiB at which distributed processes settle.
TEST(BytesBesideAllocator, GrowWithCommunicators) {
  const Machine machine = load_machine({}, kConfigs);
  const auto alone = bytes_beside_allocator(machine, 0), one = bytes_beside_allocator(machine, 1);
  EXPECT_FALSE(alone.contains("nccl"));
  EXPECT_NEAR(double(sum(alone)), 0.92 * kGibi, 2);
  EXPECT_NEAR(double(sum(one)), 1.64 * kGibi, 0.01 * kGibi);
  EXPECT_NEAR(double(sum(bytes_beside_allocator(machine, 3)) - sum(one)), 2 * 24 * 9.2 * kMebi, 2);
}

TEST(CublasWorkspace, IsThatOfPyTorchByGeneration) {
  const SoftwareSpec software = load_machine({}, kConfigs).software;
  EXPECT_EQ(software.cublas_workspace_bytes("ampere"), 2 * 4096 * 1024 + 16 * 8 * 1024);
  EXPECT_EQ(software.cublas_workspace_bytes("hopper"), 32 * kMebi);
}

}  // namespace
}  // namespace titan::hardware
