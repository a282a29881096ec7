#include "estimator/cost/memory_cost.h"

#include <gtest/gtest.h>

#include "tests/estimator/shipped.h"

namespace titan::cost {
namespace {

using hardware::GpuSpec;
using replay::Evidence;
using trace::OpDescriptor;

OpDescriptor moving(double bytes) { return {.name = "aten::add", .bytes_read = bytes / 2, .bytes_written = bytes / 2}; }

// Calculon's staircase: 0.3, 0.6, 0.75, 0.9 of the bandwidth below 1 MB and at 1, 10 and 100 MB; over 0.9 these are
// shares of the efficiency.
TEST(MemoryTime, FollowsTheStaircaseOfSizes) {
  const GpuSpec gpu = hardware::isolated("h100_sxm_80gb").gpu;
  const double best = gpu.peak.hbm_tb_s * 1e12 * gpu.memory.efficiency;
  const double mebi = 1024.0 * 1024.0;
  for (const auto& [bytes, share] : {std::pair{0.1 * mebi, 0.3}, {mebi, 0.6}, {10 * mebi, 0.75}, {1024 * mebi, 0.9}}) {
    EXPECT_NEAR(bytes / memory_time(gpu, moving(bytes)).seconds / best, share / 0.9, 0.001);
  }
}

TEST(MemoryTime, GrowsWithBytesAndNeverBeatsTheBandwidth) {
  for (const auto& name : hardware::shipped("hardware")) {
    const GpuSpec gpu = hardware::isolated(name).gpu;
    double before = 0;
    for (double bytes = 2; bytes < 1e12; bytes *= 1.1) {
      const double seconds = memory_time(gpu, moving(bytes)).seconds;
      EXPECT_GT(seconds, before) << name << " " << bytes;
      EXPECT_GT(seconds, bytes / (gpu.peak.hbm_tb_s * 1e12)) << name;
      before = seconds;
    }
  }
}

// SimuMax: on B200 cross-entropy moves its bytes at 0.32 of the bandwidth, element-wise kernels at 0.666.
TEST(MemoryTime, KnowsSlowerOperators) {
  const GpuSpec gpu = hardware::isolated("b200_sxm").gpu;
  OpDescriptor op = moving(1e9);
  const double plain = memory_time(gpu, op).seconds;
  op.name = "aten::_log_softmax";
  EXPECT_NEAR(plain / memory_time(gpu, op).seconds, 0.32 / 0.666, 0.005);
}

TEST(MemoryTime, OfMuchArithmeticIsTheVectorUnits) {
  const GpuSpec gpu = hardware::isolated("h100_sxm_80gb").gpu;
  OpDescriptor op = moving(1e6);
  EXPECT_EQ(memory_time(gpu, op).evidence, Evidence::model);
  op.flops = 66.9e9;  // a millisecond at 66.9 TFLOP/s
  EXPECT_NEAR(memory_time(gpu, op).seconds, 1e-3, 1e-9);
  EXPECT_EQ(memory_time(gpu, op).evidence, Evidence::roofline);
}

TEST(MemoryTime, OfNothingIsZero) { EXPECT_EQ(memory_time(hardware::isolated("gb200").gpu, {}).seconds, 0); }

}  // namespace
}  // namespace titan::cost
