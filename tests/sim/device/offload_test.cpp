// training.enable_cpu_offload on a simulated GPU: what leaves the device, what crosses the link, and when.
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <map>

#include "sim/profile/memory_profile.h"
#include "tests/sim/device/record_step.h"

namespace titan::test {
namespace {

using trace::NodeKind;
using trace::OpClass;
using trace::Trace;

/// Bytes alive, by category: on the device and in host memory.
struct Alive {
  std::map<std::string, int64_t> device, host;
};

/// What is alive when a scope of this name ends for the last time, or at the end of the trace.
Alive alive_at_end(const Trace& trace, const std::string& scope = "") {
  Alive now, found;
  std::vector<uint16_t> categories(trace.num_storages);
  std::vector<std::string> open;
  for (const auto& node : trace.nodes) {
    if (node.kind == NodeKind::alloc) categories[node.id] = node.category();
    if (node.kind == NodeKind::alloc || node.kind == NodeKind::free) {
      auto& bytes = trace::is_host_pool(node.stream) ? now.host : now.device;
      const auto change = static_cast<int64_t>(node.value);
      bytes[trace.categories[categories[node.id]]] += node.kind == NodeKind::alloc ? change : -change;
    }
    if (node.kind == NodeKind::begin_scope) open.push_back(trace.names[node.id]);
    if (node.kind != NodeKind::end_scope) continue;
    if (open.back() == scope) found = now;
    open.pop_back();
  }
  return scope.empty() ? now : found;
}

StepCase offloaded(StepCase one) {
  one.config.training.enable_cpu_offload = true;
  return one;
}

StepCase fsdp4(const std::string& reshard = "default") {
  auto one = find_case(step_cases(), "fsdp4");
  one.config.parallelism.fsdp_reshard_after_forward = reshard;
  return one;
}

// Bytes that copies of one direction move over the link.
int64_t link_bytes(const Trace& trace, std::string_view name) {
  double bytes = 0.0;
  for (const auto& node : trace.nodes) {
    if (node.kind == NodeKind::op && trace.ops[node.id].name == name) bytes += trace.ops[node.id].bytes_written;
  }
  return static_cast<int64_t>(bytes);
}

// Float32: 4 bytes per parameter, two moments, a step count of 4 bytes per tensor (9 in each of 6 blocks, embedding,
// norm, head); a quarter of each, as 4 divides every size. The rotary table stays: 128 positions x 8 pairs x 2. When
// backward ends the reduction of its last unit, the embedding of 2048 x 256, is under way.
TEST(Offload, PutsShardsGradientsAndOptimizerStateIntoHostMemory) {
  const int64_t quarter = debug_model().num_parameters, table = 128 * 8 * 2 * 4, steps = (6 * 9 + 3) * 4;
  const auto trace = record(offloaded(fsdp4()), 0, {}, /*num_steps=*/2);
  auto backward = alive_at_end(trace, "backward"), end = alive_at_end(trace);
  for (auto* alive : {&backward, &end}) {
    EXPECT_EQ(alive->host["parameters"], quarter);
    EXPECT_EQ(alive->host["optimizer"], 2 * quarter + steps);
    EXPECT_EQ(alive->device["parameters"], table);
    EXPECT_EQ(alive->device["optimizer"], 0);
    EXPECT_EQ(alive->device["gradients"], 0);
  }
  EXPECT_EQ(backward.host["gradients"], quarter - 2048 * 256);
  EXPECT_EQ(end.host["gradients"], 0);
}

// The device loses what the host gains, to the byte.
TEST(Offload, TakesFromTheDeviceWhatIsInHostMemoryAndNothingElse) {
  const auto sum = [](const std::map<std::string, int64_t>& parts) {
    int64_t total = 0;
    for (const auto& [name, bytes] : parts) total += bytes;
    return total;
  };
  for (auto one : offload_cases()) {
    const auto after = record(one, 0, {}, /*num_steps=*/2);
    one.config.training.enable_cpu_offload = false;
    const auto before = record(one, 0, {}, /*num_steps=*/2);
    EXPECT_EQ(alive_at_end(before).host.size(), 0u);
    const auto kept = alive_at_end(before), moved = alive_at_end(after);
    EXPECT_EQ(sum(kept.device) - sum(moved.device), sum(moved.host)) << one.name;
  }
  const auto kept = alive_at_end(record(fsdp4(), 0, {}, /*num_steps=*/2), "backward");
  const auto moved = alive_at_end(record(offloaded(fsdp4()), 0, {}, /*num_steps=*/2), "backward");
  EXPECT_EQ(sum(kept.device) - sum(moved.device), sum(moved.host));
}

// Resharded always, parameters cross the link once in forward and once in backward; never, once. Gradients come back
// once. The norm (float64) goes to the device to be summed over the ranks, the factor (float32) comes back.
TEST(Offload, CopiesAreExactToTheByte) {
  const int64_t quarter = debug_model().num_parameters;
  for (const auto& [reshard, num_gathers] : {std::pair{"always", 2}, {"never", 1}}) {
    const auto trace = record(offloaded(fsdp4(reshard)), 0, {});
    EXPECT_EQ(link_bytes(trace, "aten::copy_ host to device"), num_gathers * quarter + 8) << reshard;
    EXPECT_EQ(link_bytes(trace, "aten::copy_ device to host"), quarter + 4) << reshard;
  }
  const auto trace = record(fsdp4(), 0, {});
  EXPECT_EQ(link_bytes(trace, "aten::copy_ host to device") + link_bytes(trace, "aten::copy_ device to host"), 0);
}

// Two microbatches: gradients come back and are added twice, parameters go there four times.
TEST(Offload, EveryMicrobatchCopiesAnew) {
  const int64_t quarter = debug_model().num_parameters;
  auto one = find_case(step_cases(), "fsdp4_accumulation2");
  one.config.parallelism.fsdp_reshard_after_forward = "always";
  const auto trace = record(offloaded(one), 0, {});
  EXPECT_EQ(link_bytes(trace, "aten::copy_ host to device"), 4 * quarter + 8);
  EXPECT_EQ(link_bytes(trace, "aten::copy_ device to host"), 2 * quarter + 4);
}

// What the device computes is the same: matrix products and attention, in number and FLOPs.
TEST(Offload, ChangesNothingOfTheModelsComputation) {
  for (const auto& one : offload_cases()) {
    auto without = one;
    without.config.training.enable_cpu_offload = false;
    const auto flops = [](const Trace& trace) {
      double sum = 0.0;
      for (const auto& node : trace.nodes) {
        if (node.kind != NodeKind::op) continue;
        const auto& op = trace.ops[node.id];
        if (op.op_class == OpClass::matmul || op.op_class == OpClass::attention) sum += op.flops;
      }
      return sum;
    };
    EXPECT_EQ(flops(record(one, 0, {})), flops(record(without, 0, {}))) << one.name;
  }
}

// The device's work beside the optimizer does not wait for the host: the only waits are one per unit for its gradients
// (8 units, the loss has none), and those of the norm: to the device, back as a number, and the factor to the host.
TEST(Offload, TheHostWaitsForGradientsOnceAUnitAndForNoParameter) {
  const auto trace = record(offloaded(fsdp4()), 0, {});
  const auto count = [&](NodeKind kind) {
    return std::ranges::count_if(trace.nodes, [&](const trace::Node& node) { return node.kind == kind; });
  };
  EXPECT_EQ(count(NodeKind::host_wait), 8);
  EXPECT_EQ(count(NodeKind::host_sync), 3);
}

// Pinned memory is taken in powers of two: gradients and shards; the optimizer's is not pinned.
TEST(Offload, HostMemoryIsCountedAsItIsTaken) {
  const auto trace = record(offloaded(fsdp4()), 0, {}, /*num_steps=*/2);
  int64_t live = 0, peak = 0;
  for (const auto& node : trace.nodes) {
    const bool is_memory = node.kind == NodeKind::alloc || node.kind == NodeKind::free;
    if (!is_memory || !trace::is_host_pool(node.stream)) continue;
    const auto bytes = static_cast<int64_t>(node.stream == trace::kPinnedPool ? std::bit_ceil(node.value) : node.value);
    live += node.kind == NodeKind::alloc ? bytes : -bytes;
    peak = std::max(peak, live);
  }
  const auto found = profile::profile_memory(trace, {.capacity_bytes = memory::kGiB}).whole;
  EXPECT_EQ(found.host.bytes, static_cast<uint64_t>(peak));
  uint64_t sum = 0;
  for (const uint64_t each : found.host.by_category) sum += each;
  EXPECT_EQ(sum, found.host.bytes);
  const auto state = alive_at_end(trace, "backward").host;
  int64_t requested = 0;
  for (const auto& [name, bytes] : state) requested += bytes;
  EXPECT_GT(peak, requested);
  EXPECT_LT(peak, 2 * requested);
}

class HostMemory : public testing::Test {
 protected:
  at::Tensor on_device(at::ScalarType dtype = at::kFloat) {
    return at::zeros({64}, at::TensorOptions(dtype).device(platform_.device()));
  }
  at::Tensor on_host(at::ScalarType dtype = at::kFloat) {
    return at::zeros({64}, platform_.host_memory().dtype(dtype));
  }
  at::Tensor pageable() {
    return at::zeros({64}, at::TensorOptions(at::kFloat).device(platform_.host_memory().device()));
  }
  NodeKind last() const { return platform_.trace().nodes.back().kind; }
  static std::string message_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const c10::Error& error) {
      return error.what_without_backtrace();
    }
    return "no error";
  }

  sim::SimPlatform platform_{platform::World{.rank = 0, .size = 1}};
};

TEST_F(HostMemory, IsNotTheAllocators) {
  const auto before = platform_.memory_stats().allocated_bytes;
  const auto tensor = on_host();
  EXPECT_EQ(platform_.memory_stats().allocated_bytes, before);
}

TEST_F(HostMemory, WorkOnItIsTheHosts) {
  const auto sum = on_host().add(on_host());
  const auto& node = *std::find_if(platform_.trace().nodes.rbegin(), platform_.trace().nodes.rend(),
                                   [](const trace::Node& one) { return one.kind == NodeKind::op; });
  EXPECT_EQ(node.stream, trace::kHostStream);
  EXPECT_EQ(platform_.trace().ops[node.id].op_class, OpClass::host);
  EXPECT_EQ(platform_.trace().ops[node.id].bytes_read, 512.0);
  EXPECT_EQ(platform_.trace().ops[node.id].bytes_written, 256.0);
}

TEST_F(HostMemory, OnlyAskedForCopiesOfPinnedMemoryLeaveTheHostFree) {
  const auto device = on_device(), pinned = on_host(), plain = pageable();
  pinned.copy_(device, /*non_blocking=*/true);
  EXPECT_EQ(last(), NodeKind::op);
  pinned.copy_(device, /*non_blocking=*/false);
  EXPECT_EQ(last(), NodeKind::host_sync);
  device.copy_(plain, /*non_blocking=*/true);
  EXPECT_EQ(last(), NodeKind::host_sync);
}

TEST_F(HostMemory, OperatorsAcrossMemoriesAreNamed) {
  const auto device = on_device(), host = on_host();
  const auto mixed = message_of([&] { device.add(host); });
  EXPECT_NE(mixed.find("got tensors in host memory and on the device; only copy_ may"), std::string::npos) << mixed;
  const auto converting = message_of([&] { on_device(at::kBFloat16).copy_(host); });
  EXPECT_NE(converting.find("aten::copy_ between device and host memory must not convert"), std::string::npos)
      << converting;
  const auto options = at::TensorOptions().device(platform_.device()).pinned_memory(true);
  const auto pinned = message_of([&] { at::empty({4}, options); });
  EXPECT_NE(pinned.find("only host memory can be pinned"), std::string::npos) << pinned;
}

}  // namespace
}  // namespace titan::test
