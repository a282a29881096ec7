#include "estimator/cost/attention_cost.h"

#include <gtest/gtest.h>

#include "estimator/cost/gemm_cost.h"
#include "runtime/config/config_error.h"
#include "tests/estimator/shipped.h"

namespace titan::cost {
namespace {

using hardware::GpuSpec;
using hardware::isolated;
using replay::Evidence;

/// A call of the figures: 16384 tokens, 2048 channels, as many key heads as query heads.
AttentionShape figure(const char* backend, double length, double head_size, bool causal) {
  return {.backend = backend,
          .dtype = "bfloat16",
          .batch = 16384 / length,
          .query_heads = 2048 / head_size,
          .key_heads = 2048 / head_size,
          .queries = length,
          .keys = length,
          .head_size = head_size,
          .causal = causal};
}

double tflops(const GpuSpec& gpu, AttentionShape shape, bool backward = false) {
  shape.backward = backward;
  return attention_flops(shape) / attention_time(gpu, shape).seconds / 1e12;
}

// FlashAttention-2's and -3's figures, H100 SXM5.
TEST(AttentionTime, ReproducesTheForwardFigures) {
  const GpuSpec gpu = isolated("h100_sxm_80gb").gpu;
  const struct {
    const char* backend;
    double length, head_size;
    bool causal;
    double tflops;
  } points[] = {{"fa2", 512, 128, true, 191},   {"fa2", 8192, 128, true, 333},  {"fa2", 16384, 64, true, 299},
                {"fa2", 4096, 128, false, 368}, {"fa3", 16384, 128, true, 616}, {"cudnn", 8192, 128, true, 529},
                {"cudnn", 1024, 64, true, 288}, {"fa3", 2048, 256, true, 537}};
  for (const auto& point : points) {
    const AttentionShape shape = figure(point.backend, point.length, point.head_size, point.causal);
    EXPECT_NEAR(tflops(gpu, shape), point.tflops, 1e-6 * point.tflops) << point.backend << " " << point.length;
    EXPECT_EQ(attention_time(gpu, shape).evidence, Evidence::interpolated);
  }
}

// The same figures, forward and backward together: 3.5 times the forward FLOPs over the sum of both times.
TEST(AttentionTime, ForwardAndBackwardTogetherReproduceTheirFigure) {
  const GpuSpec gpu = isolated("h100_sxm_80gb").gpu;
  const double points[][3] = {{512, 128, 163}, {4096, 128, 294}, {8192, 128, 308}, {8192, 64, 273}};
  for (const auto& [length, head_size, measured] : points) {
    AttentionShape shape = figure("fa2", length, head_size, true);
    double seconds = attention_time(gpu, shape).seconds;
    const double flops = 3.5 * attention_flops(shape);
    shape.backward = true;
    seconds += attention_time(gpu, shape).seconds;
    EXPECT_NEAR(flops / seconds / 1e12, measured, 1e-6 * measured) << length;
  }
}

// 4 B H S^2 D, causal half, backward 5 products for 2.
TEST(AttentionFlops, CountAsFlashAttentionDoes) {
  AttentionShape shape = {.batch = 2, .query_heads = 3, .key_heads = 1, .queries = 5, .keys = 7, .head_size = 11};
  EXPECT_EQ(attention_flops(shape), 4.0 * 2 * 3 * 5 * 7 * 11 / 2);
  shape.causal = false;
  EXPECT_EQ(attention_flops(shape), 4.0 * 2 * 3 * 5 * 7 * 11);
  shape.backward = true;
  EXPECT_EQ(attention_flops(shape), 10.0 * 2 * 3 * 5 * 7 * 11);
}

TEST(AttentionTime, IsNeverFasterThanThePeakAndGrowsWithTheWork) {
  for (const auto& name : hardware::shipped("hardware")) {
    GpuSpec gpu = isolated(name).gpu;
    gpu.attention.rate = 1.5;
    const std::string& backend = gpu.attention.curves.front().backend;
    for (const bool causal : {true, false}) {
      for (const bool backward : {true, false}) {
        for (double length = 128; length <= 262144; length *= 2) {
          AttentionShape shape = {.backend = backend,
                                  .dtype = "bfloat16",
                                  .query_heads = 4,
                                  .key_heads = 1,
                                  .queries = length,
                                  .keys = length,
                                  .head_size = 128,
                                  .causal = causal,
                                  .backward = backward};
          const double seconds = attention_time(gpu, shape).seconds;
          EXPECT_GE(seconds * (1 + 1e-12), attention_flops(shape) / (gpu.peak.bfloat16_tflops * 1e12)) << name;
          for (double AttentionShape::*extent : {&AttentionShape::batch, &AttentionShape::query_heads,
                                                 &AttentionShape::queries, &AttentionShape::head_size}) {
            AttentionShape larger = shape;
            larger.*extent *= 2;
            EXPECT_GE(attention_time(gpu, larger).seconds, seconds * (1 - 1e-12)) << name << " " << length;
          }
          AttentionShape longer = shape;
          longer.keys *= 2;
          longer.queries *= 2;
          EXPECT_GT(attention_time(gpu, longer).seconds, seconds) << name << " " << length;
        }
      }
    }
  }
}

// SimuMax, B200, 4096 tokens, causal, relative to 64 heads: 16, 8, 4 heads have 0.67, 0.36, 0.20 forward and 1.04,
// 0.90, 0.48 backward. The occupancy model has no factor for any of them.
TEST(AttentionTime, LosesWithFewHeadsPerRank) {
  const GpuSpec gpu = isolated("b200_sxm").gpu;
  const auto rate_of = [&](double heads, bool backward) {
    AttentionShape shape = figure("cudnn", 4096, 128, true);
    shape.batch = 1;
    shape.query_heads = shape.key_heads = heads;
    return tflops(gpu, shape, backward);
  };
  const auto rate = [&](double heads, bool backward) { return rate_of(heads, backward) / rate_of(64, backward); };
  EXPECT_NEAR(rate(4, false), 0.20, 0.05);
  EXPECT_NEAR(rate(8, false), 0.36, 0.12);
  EXPECT_NEAR(rate(16, false), 0.67, 0.20);
  EXPECT_NEAR(rate(4, true), 0.48, 0.05);
  EXPECT_NEAR(rate(8, true), 0.90, 0.12);
  EXPECT_NEAR(rate(16, true), 1.04, 0.15);
}

// SimuMax, A100 PCIe, 4096, 32 heads: 1.13 forward and 0.98 backward of 312 with full FLOPs; the SXM part has more
// power and memory, some 7 %.
TEST(AttentionTime, OnA100IsSimuMaxsPlusTheSxmParts) {
  const GpuSpec gpu = isolated("a100_sxm_80gb").gpu;
  AttentionShape shape = figure("fa2", 4096, 128, true);
  shape.batch = 1;
  shape.query_heads = 32;
  shape.key_heads = 8;
  EXPECT_NEAR(tflops(gpu, shape), 1.07 * 1.13 * 312 / 2, 0.05 * 188);
  EXPECT_NEAR(tflops(gpu, shape, true), 1.07 * 0.98 * 312 / 2, 0.05 * 164);
}

// FA3, full, 8192: 646 at 700 W, 466 on the 500 W part (FBGEMM); FlashAttention-3 also changed in between.
TEST(AttentionTime, FollowsThePowerLimit) {
  const double measured = 466.0 / 646.0;
  const AttentionShape shape = figure("fa3", 8192, 128, false);
  EXPECT_NEAR(tflops(isolated("500w").gpu, shape) / tflops(isolated("h100_sxm_80gb").gpu, shape), measured, 0.02);
  EXPECT_EQ(attention_time(isolated("500w").gpu, shape).evidence, Evidence::model);
}

TEST(AttentionTime, OfAHeadSizeBetweenCurvesFillsTheNextOnesTiles) {
  const GpuSpec gpu = isolated("h100_sxm_80gb").gpu;
  AttentionShape shape = figure("fa2", 4096, 128, true);
  const double whole = attention_time(gpu, shape).seconds;
  shape.head_size = 96;
  EXPECT_NEAR(attention_time(gpu, shape).seconds, whole, 0.01 * whole);
  EXPECT_EQ(attention_time(gpu, shape).evidence, Evidence::model);
}

TEST(AttentionTime, InFloat32RestsOnTheVectorRateAlone) {
  const GpuSpec gpu = isolated("h100_sxm_80gb").gpu;
  AttentionShape shape = figure("fa2", 4096, 128, true);
  shape.dtype = "float32";
  EXPECT_LT(tflops(gpu, shape), gpu.peak.float32_tflops);
  EXPECT_EQ(attention_time(gpu, shape).evidence, Evidence::roofline);
}

TEST(AttentionTime, RefusesAKernelWithoutACurve) {
  const GpuSpec gpu = isolated("mi300x").gpu;
  EXPECT_FALSE(has_attention(gpu, "fa3"));
  EXPECT_THROW(attention_time(gpu, figure("fa3", 512, 64, true)), config::ConfigError);
}

}  // namespace
}  // namespace titan::cost
