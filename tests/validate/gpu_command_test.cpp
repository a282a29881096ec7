// `titan validate gpu` and training on a GPU as a user runs them: where there is none, and with a stand-in for one.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/train/run_titan.h"

namespace titan {
namespace {

using Arguments = std::vector<std::string>;
namespace fs = std::filesystem;

bool has_gpu() { return fs::exists("/dev/nvidiactl"); }

void expect_one_line(const test::Outcome& outcome, int status, const std::string& begin) {
  EXPECT_EQ(outcome.status, status) << outcome.output;
  EXPECT_EQ(outcome.error.rfind(begin, 0), 0u) << outcome.error;
  EXPECT_EQ(std::count(outcome.error.begin(), outcome.error.end(), '\n'), 1) << outcome.error;
}

/// The program in a folder of its own, beside `plugin` if one is given.
std::string program_with(const std::string& folder, const std::string& plugin = "") {
  const fs::path path = fs::path(TITAN_BINARY_DIR) / "tests/validate" / folder;
  fs::remove_all(path);
  fs::create_directories(path);
  fs::create_hard_link(TITAN_BINARY_DIR "/bin/titan", path / "titan");
  if (!plugin.empty()) fs::copy_file(plugin, path / "libtitan_cuda.so");
  return (path / "titan").string();
}

TEST(ValidateGpu, SaysThatNoGpuWasFoundAndEndsWithOne) {
  if (has_gpu()) GTEST_SKIP() << "this machine has a GPU";
  expect_one_line(test::run_titan({"validate", "gpu"}), 1, "titan validate gpu: no GPU was found: ");
  const auto file = test::fresh_folder("gpu") + "/measured.json";
  expect_one_line(test::run_titan({"validate", "gpu", "--measure", "debug-plain", "--json", file}), 1,
                  "titan validate gpu: no GPU was found: ");
  EXPECT_FALSE(fs::exists(file));
  expect_one_line(test::run_titan({"train", "--titan.device", "cuda"}), 2, "titan.device: no GPU was found: ");
}

TEST(ValidateGpu, NamesAMissingPluginAndOneThatDoesNotLoad) {
  const auto missing = test::run_titan({"validate", "gpu"}, {}, program_with("no_plugin"));
  expect_one_line(missing, 1,
                  "titan validate gpu: no GPU was found: there is no libtitan_cuda.so beside the program (");
  const auto broken = test::run_titan({"validate", "gpu"}, {}, program_with("broken", TITAN_SOURCE_DIR "/README.md"));
  expect_one_line(broken, 1, "titan validate gpu: no GPU was found: libtitan_cuda.so does not load: ");
}

TEST(ValidateGpu, RefusesWrongArgumentsBeforeLookingForAGpu) {
  const std::string folder = test::fresh_folder("gpu");
  const auto run = [](Arguments arguments) {
    arguments.insert(arguments.begin(), {"validate", "gpu"});
    return test::run_titan(arguments);
  };
  expect_one_line(run({"debug-plane"}), 2,
                  "debug-plane: is no configuration of validate gpu; did you mean 'debug-plain'");
  expect_one_line(run({"--hardware", "h9000"}), 2, "hardware.gpu: found no file 'h9000'");
  expect_one_line(run({"--hardware", "a100_sxm_80gb", "--hardware=b200_sxm"}), 2, "--hardware: is given twice");
  expect_one_line(run({"--training.seq_len", "4"}), 2,
                  "--training.seq_len: is no option of validate gpu; allowed are --hardware");
  expect_one_line(run({"--tolerance", "-1"}), 2, "--tolerance: must be at least 0");
  expect_one_line(run({"--steps", "0"}), 2, "--steps: must be an integer of at least 1, found '0'");
  expect_one_line(run({"--measure", "debug-plain"}), 2, "--measure: needs --json FILE");
  expect_one_line(run({"--json", folder}), 2, "json: must name a file");
  EXPECT_EQ(run({"--help"}).status, 0);
}

TEST(TrainOnAGpu, IsRefusedWhereItCannotBe) {
  const Arguments cuda = {"train", "--titan.device", "cuda"};
  for (const char* world : {"default", "local_tensor", "fake_backend"}) {
    expect_one_line(test::run_titan(cuda, {{"COMM_MODE", world}, {"NGPU", "2"}}), 2,
                    "titan.device: \"cuda\" trains on one GPU in one process so far");
  }
  const auto with = [&cuda](Arguments more) {
    more.insert(more.begin(), cuda.begin(), cuda.end());
    return test::run_titan(more);
  };
  expect_one_line(with({"--compile.enable"}), 2, "compile.enable: the fused operators have no CUDA kernels yet");
  expect_one_line(with({"--titan.dtype", "float64"}), 2, "titan.dtype: \"float64\" has no attention on CUDA");
}

TEST(ValidateGpu, PredictsRunsAndComparesInProcessesOfTheirOwn) {
  const auto program = program_with("stand_in", TITAN_STAND_IN_GPU);
  const auto file = test::fresh_folder("gpu") + "/comparison.json";
  const auto run = [&](const std::string& tolerance) {
    return test::run_titan({"validate", "gpu", "debug-batch-1", "--steps", "1", "--hardware", "a100_sxm_40gb", "--json",
                            file, "--tolerance", tolerance},
                           {}, program);
  };
  const auto outcome = run("1e9");
  ASSERT_EQ(outcome.status, 0) << outcome.error << outcome.output;
  EXPECT_EQ(outcome.error, "1 of 1: debug-batch-1\n");
  EXPECT_EQ(outcome.output.find("stand-in, predicted with a100_sxm_40gb\n"), 0u) << outcome.output;
  const auto strict = run("0");
  EXPECT_EQ(strict.status, 1);
  EXPECT_NE(strict.output.find("beyond the tolerance of 0 %:\n  debug-batch-1: "), std::string::npos) << strict.output;
  EXPECT_NE(outcome.output.find("\ndebug-batch-1 "), std::string::npos) << outcome.output;
  const auto report = nlohmann::json::parse(std::ifstream(file));
  EXPECT_EQ(report["hardware"], "a100_sxm_40gb");
  EXPECT_EQ(report["gpu"], "stand-in");
  ASSERT_EQ(report["configurations"].size(), 1u);
  const auto& measured = report["configurations"][0]["measured"];
  // Parameters, gradients and two moments in float32: 16 bytes for each of 6163712 parameters, at least.
  EXPECT_GT(measured["peak_allocated_bytes"].get<int64_t>(), 16 * 6163712);
  EXPECT_EQ(measured["device_used_bytes"].get<int64_t>(), measured["peak_reserved_bytes"].get<int64_t>() + 1000);
  EXPECT_GT(measured["step_time_s"].get<double>(), 0.0);
  EXPECT_GE(report["configurations"][0]["step_time_spread"].get<double>(), 0.0);
}

TEST(TrainOnAGpu, GoesThroughThePlugin) {
  const auto program = program_with("stand_in_train", TITAN_STAND_IN_GPU);
  const auto folder = test::fresh_folder("gpu");
  const auto outcome = test::run_titan(
      {"train", "--titan.device", "cuda", "--training.steps", "2", "--job.dump_folder", folder}, {}, program);
  ASSERT_EQ(outcome.status, 0) << outcome.error << outcome.output;
  EXPECT_NE(outcome.output.find("Training completed"), std::string::npos);
}

}  // namespace
}  // namespace titan
