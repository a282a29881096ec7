#include "runtime/platform/host_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace titan::platform {
namespace {

namespace fs = std::filesystem;

/// A folder that stands for /proc and /sys/fs/cgroup.
class CgroupMemoryLimit : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / ("cgroup_" + std::to_string(::getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const fs::path& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  std::optional<int64_t> limit() const { return cgroup_memory_limit(root_ / "membership", root_); }

  fs::path root_;
};

TEST_F(CgroupMemoryLimit, IsTheSmallestOfTheGroupAndItsAncestors) {
  write("membership", "0::/jobs/titan\n");
  write("jobs/titan/memory.max", "max\n");
  write("jobs/memory.max", "5000\n");
  write("memory.max", "9000\n");
  EXPECT_EQ(limit(), 5000);
  write("jobs/titan/memory.max", "3000\n");
  EXPECT_EQ(limit(), 3000);
}

TEST_F(CgroupMemoryLimit, FindsTheFirstVersionsMemoryController) {
  write("membership", "5:cpu,cpuacct:/jobs\n4:memory:/jobs\n");
  write("memory/jobs/memory.limit_in_bytes", "7000\n");
  EXPECT_EQ(limit(), 7000);
}

TEST_F(CgroupMemoryLimit, SeesTheMountOfAContainer) {
  write("membership", "0::/not/visible/inside\n");
  write("memory.max", "8000\n");
  EXPECT_EQ(limit(), 8000);
}

TEST_F(CgroupMemoryLimit, IsNoneWithoutGroupsOrLimits) {
  EXPECT_EQ(limit(), std::nullopt);
  write("membership", "0::/\nnonsense\n");
  write("memory.max", "max\n");
  EXPECT_EQ(limit(), std::nullopt);
}

TEST(HostMemory, IsPositive) { EXPECT_GT(host_memory_bytes(), int64_t{64} << 20); }

}  // namespace
}  // namespace titan::platform
