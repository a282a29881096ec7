#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "runtime/config/config_error.h"
#include "tests/estimator/shipped.h"

namespace titan::hardware {
namespace {

TEST(ShippedFiles, AreTheOnesTheDesignNames) {
  const std::vector<std::string> names = shipped("hardware");
  const std::set<std::string> found(names.begin(), names.end());
  for (const char* name : {"h100_sxm_96gb_500w", "h100_sxm_80gb", "h200_sxm", "a100_sxm_80gb", "a100_sxm_40gb",
                           "b200_sxm", "gb200", "mi300x"}) {
    EXPECT_TRUE(found.contains(name)) << name;
  }
}

TEST(ShippedFiles, LoadInEveryCombination) {
  for (const auto& hardware : shipped("hardware")) {
    for (const auto& cluster : shipped("cluster")) {
      for (const auto& software : shipped("software")) {
        EXPECT_NO_THROW(load_machine({hardware, cluster, software}, kConfigs))
            << hardware << " " << cluster << " " << software;
      }
    }
  }
}

// The issue allows two factors to be fitted for the H100 and four for the A100, hardware, cluster and software
// together.
TEST(ShippedFiles, LeaveFewFactorsFree) {
  for (const auto& hardware : shipped("hardware")) {
    const Machine machine = load_machine({.hardware = hardware}, kConfigs);
    EXPECT_LE(machine.gpu.free.size(), machine.gpu.architecture == "ampere" ? 4u : 2u) << hardware;
  }
}

/// Whether the field refuses the value; the field keeps what it holds.
bool refuses(const config::Field& field, config::Value value) {
  const config::Value before = field.value();
  try {
    field.assign(std::move(value));
  } catch (const config::ConfigError&) {
    return true;
  }
  field.assign(before);
  return false;
}

void expect_guarded(const config::Schema& schema, const std::string& file) {
  for (const auto& section : schema.sections()) {
    for (const auto& field : section.fields()) {
      const config::Value value = field.value();
      if (const auto* number = std::get_if<double>(&value)) {
        for (const double wrong : {0.0, -*number, *number * 1000, *number / 1000}) {
          EXPECT_TRUE(refuses(field, wrong)) << file << " " << field.key() << " = " << wrong;
        }
      } else if (const auto* count = std::get_if<int64_t>(&value)) {
        for (const int64_t wrong : {int64_t{0}, -*count, *count * 1000}) {
          EXPECT_TRUE(refuses(field, wrong)) << file << " " << field.key() << " = " << wrong;
        }
      }
    }
  }
}

TEST(ShippedFiles, EveryNumberRefusesZeroNegativesAndUnitsOffByAThousand) {
  for (const auto& hardware : shipped("hardware")) {
    Machine machine = load_machine({.hardware = hardware}, kConfigs);
    config::Schema gpu, cluster;
    declare_numbers(gpu, machine.gpu);
    declare_numbers(cluster, machine.cluster);
    expect_guarded(gpu, hardware);
    expect_guarded(cluster, machine.cluster.name);
  }
  for (const auto& software : shipped("software")) {
    Machine machine = load_machine({.software = software}, kConfigs);
    config::Schema schema;
    declare_numbers(schema, machine.software);
    expect_guarded(schema, software);
  }
}

/// Dotted keys of a TOML file, from its text.
std::set<std::string> keys_of(const std::filesystem::path& file) {
  std::set<std::string> keys;
  std::string section, line;
  for (std::ifstream in(file); std::getline(in, line);) {
    const size_t equals = line.find(" = ");
    if (line.starts_with("[")) {
      section = line.substr(1, line.find(']') - 1);
    } else if (equals != std::string::npos &&
               line.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == equals) {
      keys.insert(section + "." + line.substr(0, equals));
    }
  }
  return keys;
}

TEST(ShippedFiles, HaveEveryKeyExplainedInTheDocumentation) {
  std::ifstream in(std::filesystem::path(TITAN_SOURCE_DIR) / "docs/hardware.md");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  for (const char* kind : {"hardware", "cluster", "software"}) {
    for (const auto& name : shipped(kind)) {
      const std::set<std::string> keys = keys_of(kConfigs / kind / (name + ".toml"));
      EXPECT_GT(keys.size(), 20u) << name;
      for (const auto& key : keys) EXPECT_NE(text.find("`" + key + "`"), std::string::npos) << key << " of " << name;
    }
  }
}

// A part runs at its own limit: what was measured at another power belongs to another file.
TEST(ShippedFiles, OnlyThe500WPartScalesFiguresFromAnotherPower) {
  for (const auto& hardware : shipped("hardware")) {
    const GpuSpec gpu = load_machine({.hardware = hardware}, kConfigs).gpu;
    EXPECT_EQ(gpu.power.limit_w, gpu.power.gemm_reference_w) << hardware;
    EXPECT_EQ(gpu.power.limit_w != gpu.power.attention_reference_w, hardware == "h100_sxm_96gb_500w") << hardware;
  }
}

TEST(ShippedFiles, MeasuredAllReducesTakeLongerForMoreBytes) {
  for (const auto& name : shipped("cluster")) {
    for (const auto& table : load_cluster("cluster", name, kConfigs / "cluster").measured) {
      for (size_t i = 1; i < table.busbw_gb_s.size(); ++i) {
        const auto& [size, rate] = table.busbw_gb_s[i];
        const auto& [smaller, its_rate] = table.busbw_gb_s[i - 1];
        // The floor of 40 us is one figure at 32 KiB and 256 KiB, to the three digits it is published with.
        EXPECT_GT(size / rate, 0.98 * smaller / its_rate) << name << " " << size;
      }
    }
  }
}

}  // namespace
}  // namespace titan::hardware
