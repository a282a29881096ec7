#include "estimator/cost/gpu_cost_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "runtime/config/config_error.h"
#include "tests/estimator/shipped.h"

namespace titan::cost {
namespace {

using hardware::Machine;
using replay::Evidence;
using trace::OpClass;
using trace::OpDescriptor;

OpDescriptor matmul(int64_t m, int64_t n, int64_t k, double written_per_element = 2) {
  return {.name = "aten::mm",
          .dtype = "bfloat16",
          .op_class = OpClass::matmul,
          .extents = {1, m, n, k},
          .flops = 2.0 * double(m) * double(n) * double(k),
          .bytes_written = written_per_element * double(m) * double(n)};
}

OpDescriptor attention(const char* name) {
  return {.name = name,
          .dtype = "bfloat16",
          .op_class = OpClass::attention,
          .extents = {2, 32, 8, 8192, 8192, 128},
          .is_causal = true};
}

const OpDescriptor kTiny = {.name = "aten::add", .op_class = OpClass::tiny};
const OpDescriptor kCopy = {.name = "aten::copy_", .bytes_read = 1e9, .bytes_written = 1e9};

TEST(GpuCostModel, PricesEveryClassWithAKernelsFixedTime) {
  const Machine machine = hardware::isolated("500w");
  const GpuCostModel model(machine);
  const double fixed = machine.gpu.memory.kernel_us * 1e-6;
  EXPECT_EQ(model.op(kTiny).seconds, fixed);
  // 8192^3 at 585.23 TFLOP/s (FBGEMM PR 2546).
  EXPECT_NEAR(model.op(matmul(8192, 8192, 8192)).seconds, 2 * std::pow(8192.0, 3) / 585.23e12 + fixed, 1e-12);
  EXPECT_EQ(model.op(matmul(8192, 8192, 8192)).evidence, Evidence::measured);
  EXPECT_NEAR(model.op(kCopy).seconds, 2e9 / (2.4e12 * machine.gpu.memory.efficiency) + fixed, 1e-12);
}

const OpDescriptor kLinkCopy = {.name = "to host", .op_class = OpClass::copy, .bytes_read = 1e9, .bytes_written = 1e9};
const OpDescriptor kAdam = {.name = "adam", .op_class = OpClass::host, .bytes_read = 16e9, .bytes_written = 12e9};

// H100: 1e9 bytes over a link of 55 GB/s. Adam on 1e9 elements, 28 bytes each, by a host of 614 GB/s of which the
// optimizer reaches 0.6 and an eighth is one GPU's: 28e9 / 46e9 s. No kernel is launched for it.
TEST(GpuCostModel, PricesCopiesByTheLinkAndTheHostsWorkByItsShareOfMemory) {
  const Machine machine = hardware::isolated("h100_sxm_80gb");
  const GpuCostModel model(machine);
  const double fixed = machine.gpu.memory.kernel_us * 1e-6;
  EXPECT_NEAR(model.op(kLinkCopy).seconds, 1e9 / 55e9 + fixed, 1e-9);
  EXPECT_NEAR(model.op(kAdam).seconds, 28e9 / (614e9 * 0.6 / 8), 1e-9);
  EXPECT_NEAR(model.issue_s(kTiny) - model.issue_s(kAdam), machine.software.host.launch_us * 1e-6, 1e-12);
  EXPECT_EQ(model.interference(kLinkCopy, 2), 1);
  EXPECT_EQ(model.interference(kAdam, 2), 1);
}

// All GPUs copy at once: each has its share of the host's memory.
TEST(GpuCostModel, ALinkIsNoFasterThanTheHostsMemory) {
  Machine machine = hardware::isolated("h100_sxm_80gb");
  machine.gpu.host.memory_gb_s = 80;
  EXPECT_NEAR(GpuCostModel(machine).op(kLinkCopy).seconds, 1e9 / 10e9 + machine.gpu.memory.kernel_us * 1e-6, 1e-9);
}

TEST(GpuCostModel, TellsBackwardAttentionByItsName) {
  const GpuCostModel model(hardware::isolated("500w"));
  const double ratio =
      model.op(attention("titan::attention_backward")).seconds / model.op(attention("titan::attention")).seconds;
  EXPECT_GT(ratio, 2.5);  // 2.5 times the FLOPs at a lower rate
  EXPECT_LT(ratio, 3.2);
}

TEST(GpuCostModel, TellsFloat32AccumulationByItsBytes) {
  const GpuCostModel model(hardware::isolated("h100_sxm_80gb"));
  EXPECT_GT(model.op(matmul(8192, 8192, 8192, 4)).seconds, 1.02 * model.op(matmul(8192, 8192, 8192, 2)).seconds);
}

// torchtitan of 2024: 6.6 us of framework and 5.4 us of launch, in the range of 11 to 18 us (dgxc microbenchmark).
TEST(GpuCostModel, ChargesTheHostForFrameworkAndLaunch) {
  const GpuCostModel model(hardware::isolated("500w"));
  EXPECT_NEAR(model.issue_s(kTiny), 12e-6, 1e-12);
  EXPECT_GT(model.communication_issue_s(), model.issue_s(kTiny));
  EXPECT_LT(model.event_s(), model.issue_s(kTiny));
}

// Calculon: 15 % under NVLink traffic.
TEST(GpuCostModel, SlowsComputeDownWhileCommunicationHoldsMultiprocessors) {
  for (const auto& name : hardware::shipped("hardware")) {
    const GpuCostModel model(hardware::load_machine({.hardware = name}, hardware::kConfigs));
    const OpDescriptor op = matmul(4096, 4096, 4096);
    EXPECT_NEAR(model.interference(op, 1), 1.15, 0.005) << name;
    EXPECT_EQ(model.interference(op, 0), 1) << name;
    EXPECT_GT(model.interference(kCopy, 1), 1) << name;
    EXPECT_EQ(model.interference(kTiny, 3), 1) << name;
    double before = 1;
    for (int num = 1; num < 20; ++num) {
      EXPECT_GE(model.interference(op, num), before) << name;
      before = model.interference(op, num);
      EXPECT_LE(before, 2) << name;
    }
  }
}

// One standard deviation of one source moves an operation by exp(its relative deviation), to first order for the parts.
TEST(GpuCostModel, MovesAsItsRelativeDeviationsSay) {
  const Machine machine = hardware::isolated("500w");
  const GpuCostModel model(machine);
  for (const OpDescriptor& op :
       {matmul(16384, 4096, 14336), attention("titan::attention"), kCopy, kTiny, kLinkCopy, kAdam}) {
    const PerSource deviation = model.relative_deviation(op);
    for (size_t i = 0; i < kNumErrorSources; ++i) {
      const GpuCostModel moved(machine, Deviations::one(static_cast<ErrorSource>(i), 0.01));
      EXPECT_NEAR(std::log(moved.op(op).seconds / model.op(op).seconds), 0.01 * deviation[i],
                  1e-4 * deviation[i] + 1e-9)
          << op.name << " " << to_string(static_cast<ErrorSource>(i));
    }
  }
}

TEST(GpuCostModel, TrustsMeasuredShapesMoreThanModelledOnes) {
  const Machine machine = hardware::isolated("500w");
  const GpuCostModel model(machine);
  const auto gemm = static_cast<size_t>(ErrorSource::gemm);
  const double measured = model.relative_deviation(matmul(8192, 8192, 8192))[gemm];
  const double interpolated = model.relative_deviation(matmul(5120, 8192, 8192))[gemm];
  const double modelled = model.relative_deviation(matmul(16384, 14336, 4096))[gemm];
  EXPECT_LT(measured, interpolated);
  EXPECT_LT(interpolated, modelled);
}

TEST(ShippedHardware, OrdersItsDeviationsByEvidence) {
  for (const auto& name : hardware::shipped("hardware")) {
    const Machine machine = hardware::load_machine({.hardware = name}, hardware::kConfigs);
    const auto& gpu = machine.gpu.deviation;
    EXPECT_LE(gpu.gemm.measured, gpu.gemm.interpolated) << name;
    EXPECT_LE(gpu.gemm.interpolated, gpu.gemm.model) << name;
    EXPECT_LE(gpu.gemm.model, gpu.gemm.roofline) << name;
    EXPECT_LE(gpu.attention.interpolated, gpu.attention.model) << name;
    EXPECT_LE(gpu.attention.model, gpu.attention.roofline) << name;
    EXPECT_LE(machine.cluster.deviation.link.measured, machine.cluster.deviation.link.model) << name;
  }
}

TEST(GpuCostModel, RefusesSoftwareWhoseAttentionThePartHasNoCurveOf) {
  Machine machine = hardware::isolated("500w");
  machine.software.attention.hopper = "ck";
  try {
    const GpuCostModel model(machine);
    FAIL() << "no error";
  } catch (const config::ConfigError& error) {
    EXPECT_EQ(std::string(error.what()).find("attention.hopper: is 'ck' ("), 0u) << error.what();
  }
}

// Every shipped software prices every shipped part it runs on, so that no combination fails after recording. The two of
// 2024 are older than PyTorch for Blackwell.
TEST(ShippedHardware, HasTheAttentionOfEveryShippedSoftware) {
  for (const auto& name : hardware::shipped("hardware")) {
    for (const auto& software : hardware::shipped("software")) {
      const Machine machine = hardware::load_machine({.hardware = name, .software = software}, hardware::kConfigs);
      const auto price = [&] { GpuCostModel(machine).op(attention("titan::attention_backward")); };
      if (machine.gpu.architecture == "blackwell" && software.starts_with("torchtitan-2024")) {
        EXPECT_THROW(price(), config::ConfigError) << name << " " << software;
      } else {
        EXPECT_NO_THROW(price()) << name << " " << software;
      }
    }
  }
}

}  // namespace
}  // namespace titan::cost
