#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <set>

#include "runtime/config/config_error.h"
#include "tests/estimator/shipped.h"

namespace titan::hardware {
namespace {

/// One line of a shipped file, its replacement ("" removes it), and what the error must say.
struct Case {
  std::string line, replacement, message;
};

std::string changed_text(const std::string& kind, const std::string& name, const Case& wrong) {
  std::ifstream in(kConfigs / kind / (name + ".toml"));
  std::string text, line;
  int num_changed = 0;
  while (std::getline(in, line)) {
    const bool matches = line.starts_with(wrong.line);
    num_changed += matches;
    if (!matches) text += line + "\n";
    if (matches && !wrong.replacement.empty()) text += wrong.replacement + "\n";
  }
  EXPECT_EQ(num_changed, 1) << kind << "/" << name << " has not one line that starts with " << wrong.line;
  return text;
}

using Load = std::function<void(const std::string& file)>;

void expect_error(const std::string& kind, const std::string& name, const Case& wrong, const Load& load) {
  const auto file = std::filesystem::path(testing::TempDir()) / ("wrong_" + kind + ".toml");
  std::ofstream(file) << changed_text(kind, name, wrong);
  try {
    load(file.string());
    ADD_FAILURE() << "no error for: " << wrong.replacement << " instead of " << wrong.line;
  } catch (const config::ConfigError& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find(wrong.message), 0u) << message << "\nshould start with\n" << wrong.message;
    EXPECT_NE(message.find(file.string()), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST(WrongHardwareFile, IsOneErrorNamingFileKeyAndWhatIsAllowed) {
  const Case cases[] = {
      {"num_sms", "", "gpu.num_sms: is missing in "},
      {"num_sms", "num_smms = 132", "gpu.num_smms: unknown key; did you mean 'gpu.num_sms'?"},
      {"[power]", "[powers]", "powers: "},
      {"memory_gib", "memory_gib = 79180", "gpu.memory_gib: must be 8 to 1024 GiB, found 79180"},
      {"memory_gib", "memory_gib = \"79\"", "gpu.memory_gib: must be 8 to 1024 GiB: expects a number, found '79'"},
      {"architecture", "architecture = \"hoper\"", "gpu.architecture: must be one of ampere, hopper, blackwell, cdna3"},
      {"hbm_tb_s", "hbm_tb_s = 3350", "peak.hbm_tb_s: must be 0.3 to 40 TB/s, found 3350"},
      {"hbm_tb_s", "hbm_tb_s = 0", "peak.hbm_tb_s: must be 0.3 to 40 TB/s, found 0"},
      {"bfloat16_tflops", "bfloat16_tflops = -989", "peak.bfloat16_tflops: must be 30 to 10000 TFLOP/s, found -989"},
      {"bfloat16_tflops", "bfloat16_tflops = nan", "peak.bfloat16_tflops: "},
      {"efficiency", "efficiency = 87", "memory.efficiency: must be a share of 1, 0.01 to 1, found 87"},
      {"link_gb_s", "link_gb_s = 55000", "host.link_gb_s: must be 3 to 1000 GB/s, found 55000"},
      {"memory_gb_s", "memory_gb_s = 0.6", "host.memory_gb_s: must be 20 to 5000 GB/s, found 0.6"},
      {"optimizer_share", "optimizer_share = 45", "host.optimizer_share: must be a share of 1, 0.01 to 1, found 45"},
      {"host_link", "", "deviation.host_link: is missing in "},
      {"part", "part = 2.5", "deviation.part: must be a share of 1, 0.002 to 1, found 2.5"},
      {"float8_tflops", "", "peak.float8_tflops: goes with gemm.float8_best_share and gemm.float8_tile_share"},
      {"tiles", "tiles = []", "gemm.tiles: must not be empty in "},
      {"tiles", "tiles = [\"128 256\"]", "gemm.tiles: row '128 256' lacks relative rate"},
      {"tiles", "tiles = [\"128 256 1 1\"]", "gemm.tiles: row '128 256 1 1' has a word too many: '1'"},
      {"size_steps", "size_steps = \"1M:50\"", "memory.size_steps: row '1M:50' share must be 0.01 to 1.0, found '50'"},
      {"free", "free = [\"gemm.rte 0.5 1\"]", "calibration.free: gemm.rte is no number of a hardware"},
      {"free", "free = [\"gemm.rate 0.5 0.6\"]", "calibration.free: gemm.rate must lie between its bounds 0.5 and 0.6"},
      {"statement", "statement = \"\"", "calibration.statement: must not be empty"},
      {"limit_w", "limit_w = ", ""},
  };
  for (const Case& wrong : cases) {
    expect_error("hardware", "h100_sxm_80gb", wrong,
                 [](const std::string& file) { load_machine({.hardware = file}, kConfigs); });
  }
}

TEST(WrongMeasuredRow, IsOneErrorNamingFileKeyAndRow) {
  const Case cases[] = {
      {"  \"bfloat16 1 8192 8192 8192", "\"bfloat16 1 8192 8192 8192 0.585\",",
       "gemm.measured: row 'bfloat16 1 8192 8192 8192 0.585' TFLOP/s must be "},
      {"  \"bfloat16 1 8192 8192 8192", "\"bfloat16 1 8192 8192 8192 1200\",",
       "gemm.measured: row 'bfloat16 1 8192 8192 8192 1200' TFLOP/s must be "},
      {"  \"fa2 both causal 64", "\"fa2 both causal 64 guessed 512:141\",",
       "attention.curves: row 'fa2 both causal 64 guessed 512:141' origin must be one of measured, derived"},
      {"  \"fa2 both causal 64", "\"fa2 both causal 64 measured 512:0.141\",",
       "attention.curves: row 'fa2 both causal 64 measured 512:0.141' TFLOP/s must be "},
  };
  for (const Case& wrong : cases) {
    expect_error("hardware", "h100_sxm_96gb_500w", wrong,
                 [](const std::string& file) { load_machine({.hardware = file}, kConfigs); });
  }
}

TEST(WrongClusterFile, IsOneErrorNamingFileKeyAndWhatIsAllowed) {
  const Case cases[] = {
      {"gpus_per_node", "gpus_per_node = 8.5", "cluster.gpus_per_node: "},
      {"gpus_per_node", "gpus_per_node = 8000", "cluster.gpus_per_node: must be 1 to 576 GPUs, found 8000"},
      {"nic_gb_s", "nic_gb_s = 50000", "network.nic_gb_s: must be 1 to 500 GB/s, found 50000"},
      {"switch_min_ranks", "", "link.switch_gb_s: goes with link.switch_min_ranks"},
      {"algorithms", "algorithms = [\"tree\"]", "network.algorithms: must hold ring"},
      {"algorithms", "algorithms = [\"rings\"]", "network.algorithms: must be one of ring, tree, nvls_tree"},
      {"protocols", "protocols = [\"ll\"]", "network.protocols: must hold simple"},
      {"post_us", "", "latency.post_us: is missing in "},
      {"collectives", "collectives = [\"all_reduce 8 1 1G:0.464\"]",
       "measured.collectives: row 'all_reduce 8 1 1G:0.464' must reach 5 GB/s"},
      {"collectives", "collectives = [\"gather 8 1 1G:464\"]", "measured.collectives: row 'gather 8 1 1G:464' kind "},
  };
  for (const Case& wrong : cases) {
    expect_error("cluster", "h100_hgx_400g", wrong,
                 [](const std::string& file) { load_machine({.cluster = file}, kConfigs); });
  }
}

TEST(WrongSoftwareFile, IsOneErrorNamingFileKeyAndWhatIsAllowed) {
  const Case cases[] = {
      {"op_us", "op_us = 0.0054", "host.op_us: must be 0.5 to 200 us, found 0.0054"},
      {"segments", "segments = \"native_segments\"", "memory.segments: must be one of native, expandable"},
      {"rms_norm =", "rms_norm = \"triton\"", "fusion.rms_norm: must be one of fused, composite, written_out"},
      {"hopper =", "hopper = \"flash\"", "attention.hopper: must be one of fa2, fa3, cudnn, triton, ck"},
      {"modules_gib", "", "process.modules_gib: is missing in "},
  };
  for (const Case& wrong : cases) {
    expect_error("software", "titan", wrong,
                 [](const std::string& file) { load_machine({.software = file}, kConfigs); });
  }
}

// What the documentation says may be left out, some only together.
const std::set<std::string> kMayBeMissing = {"link.switch_gb_s",       "link.switch_min_ranks",  "peak.float8_tflops",
                                             "gemm.float8_best_share", "gemm.float8_tile_share", "attention.ampere",
                                             "attention.hopper",       "attention.blackwell",    "attention.cdna3"};

/// Loads a shipped file without each of its one-line keys in turn.
void expect_all_needed(const std::string& kind, const std::string& name, const Load& load) {
  std::ifstream in(kConfigs / kind / (name + ".toml"));
  const auto file = std::filesystem::path(testing::TempDir()) / ("without_a_key_" + kind + ".toml");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::string section;
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t equals = lines[i].find(" = ");
    if (lines[i].starts_with("[")) section = lines[i].substr(1, lines[i].find(']') - 1);
    if (equals == std::string::npos || lines[i].find_first_of("# ") < equals || lines[i].ends_with("[")) continue;
    const std::string key = section + "." + lines[i].substr(0, equals);
    if (kMayBeMissing.contains(key)) continue;
    std::ofstream out(file);
    for (size_t j = 0; j < lines.size(); ++j) out << (j == i ? "" : lines[j]) << "\n";
    out.close();
    try {
      load(file.string());
      ADD_FAILURE() << name << " loads without " << key;
    } catch (const config::ConfigError& error) {
      EXPECT_EQ(error.where(), key) << name;
    }
  }
}

TEST(WrongFile, LacksOneKeyAndTheErrorNamesIt) {
  for (const auto& name : shipped("hardware")) {
    expect_all_needed("hardware", name, [](const auto& file) { load_gpu("hardware", file, kConfigs / "hardware"); });
  }
  for (const auto& name : shipped("cluster")) {
    expect_all_needed("cluster", name, [](const auto& file) { load_cluster("cluster", file, kConfigs / "cluster"); });
  }
  for (const auto& name : shipped("software")) {
    expect_all_needed("software", name,
                      [](const auto& file) { load_software("software", file, kConfigs / "software"); });
  }
}

}  // namespace
}  // namespace titan::hardware
