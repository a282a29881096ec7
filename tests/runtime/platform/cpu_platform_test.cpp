#include "runtime/platform/cpu_platform.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include "runtime/comm/communicator.h"
#include "runtime/platform/host_memory.h"
#include "runtime/unit/unit_call.h"

namespace titan::platform {
namespace {

CpuPlatform alone() { return CpuPlatform({}, nullptr); }

TEST(CpuPlatform, IsOneStreamWhoseEventsHavePassed) {
  CpuPlatform platform = alone();
  EXPECT_TRUE(platform.device().is_cpu());
  EXPECT_TRUE(platform.has_values());
  const Stream stream = platform.stream(StreamRole::all_gather);
  EXPECT_EQ(stream, platform.stream(StreamRole::all_gather));
  const Scope scope = platform.use_stream(stream);
  const Scope named = platform.annotate("forward");
  const Event event = platform.record_event(stream);
  event->block(platform.stream(StreamRole::compute));
  event->synchronize();
}

TEST(CpuPlatform, ReadsOneElementOfAnyDtypeAndIgnoresTheExpectation) {
  CpuPlatform platform = alone();
  EXPECT_EQ(platform.read(at::full({}, 2.5), 1.0), 2.5);
  EXPECT_EQ(platform.read(at::full({1, 1}, 7, at::kLong), 1.0), 7.0);
  EXPECT_EQ(platform.read(at::full({1}, 0.5, at::kBFloat16), 1.0), 0.5);
  EXPECT_THROW(platform.read(at::ones({2}), 1.0), c10::Error);
}

TEST(CpuPlatform, HasAClockThatOnlyRises) {
  CpuPlatform platform = alone();
  const double before = platform.now();
  EXPECT_GE(platform.now(), before);
}

TEST(CpuPlatform, ReportsTheMemoryOfItsCounter) {
  install_counting_allocator();
  const auto counter = make_memory_counter();
  const ChargeMemory charge(counter);
  CpuPlatform platform({}, nullptr, counter);
  const at::Tensor kept = at::empty({1000}, at::kFloat);
  { const at::Tensor passing = at::empty({500}, at::kFloat); }
  const MemoryStats first = platform.memory_stats();
  EXPECT_EQ(first.allocated_bytes, 4000);
  EXPECT_EQ(first.peak_allocated_bytes, 6000);
  EXPECT_EQ(first.reserved_bytes, 4000);
  EXPECT_EQ(first.peak_reserved_bytes, 6000);
  EXPECT_EQ(first.capacity_bytes, host_memory_bytes());
  EXPECT_EQ(platform.memory_stats().peak_allocated_bytes, 4000);
}

TEST(CpuPlatform, MakesACommunicatorWithoutPeersForASingleRank) {
  CpuPlatform platform({.rank = 3, .size = 4}, [](const std::vector<int>&, std::string_view) {
    ADD_FAILURE() << "a single rank needs no peers";
    return std::unique_ptr<comm::Communicator>();
  });
  const auto comm = platform.make_communicator({3}, "tp");
  EXPECT_EQ(comm->size(), 1);
  EXPECT_EQ(comm->name(), "tp");
}

TEST(CpuPlatform, RefusesGroupsItDoesNotBelongTo) {
  CpuPlatform platform({.rank = 1, .size = 4}, nullptr);
  EXPECT_THROW(platform.make_communicator({0, 2}, "dp"), c10::Error);
  EXPECT_THROW(platform.make_communicator({1, 0}, "dp"), c10::Error);
  EXPECT_THROW(platform.make_communicator({1, 4}, "dp"), c10::Error);
  EXPECT_THROW(platform.make_communicator({0, 1}, "dp"), c10::Error);  // no factory
}

/// y = 2 x.
struct Doubling final : unit::Unit {
  Doubling() : Unit("doubling") {}
  unit::Tuple forward(const unit::Tuple& inputs) override { return {inputs[0].mul(2)}; }
  std::string type() const override { return "doubling"; }
};

TEST(CpuPlatform, ExecutesUnits) {
  CpuPlatform platform = alone();
  Doubling doubling;
  const auto outputs =
      platform.run_unit({.unit = &doubling, .keep_for_backward = false, .arguments = {at::full({2}, 3.0)}});
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_EQ(outputs[0].sum().item().toDouble(), 12);
}

}  // namespace
}  // namespace titan::platform
