// Replayed nodes per second, against what is asked of it: a chain of operations, and pipeline stages of sharded units
// with prefetch, interference and memory traffic.
#include <benchmark/benchmark.h>

#include <ctime>
#include <vector>

#include "bench/comparison.h"
#include "runtime/platform/stream.h"
#include "sim/replay/replay.h"
#include "sim/trace/recorder.h"

namespace titan {
namespace {

using trace::Recorder;
using trace::Trace;

constexpr auto kCompute = static_cast<uint8_t>(platform::StreamRole::compute);
constexpr auto kGather = static_cast<uint8_t>(platform::StreamRole::all_gather);
constexpr auto kP2p = static_cast<uint8_t>(platform::StreamRole::p2p);

class FixedPrices final : public replay::CostModel, public replay::NetworkModel {
 public:
  replay::Cost op(const trace::OpDescriptor& op) const override { return {op.flops * 1e-12}; }
  double issue_s(const trace::OpDescriptor&) const override { return 4e-6; }
  double communication_issue_s() const override { return 10e-6; }
  double event_s() const override { return 1e-6; }
  double interference(const trace::OpDescriptor&, int) const override { return 1.1; }
  replay::CommunicationCost collective(const trace::CollectiveDescriptor& collective,
                                       const trace::Group&) const override {
    return {10e-6 + collective.bytes / 2e11};
  }
  replay::CommunicationCost transfer(const trace::TransferDescriptor& transfer, int32_t, int32_t) const override {
    return {10e-6 + transfer.bytes / 5e10};
  }
};

void add_op(Recorder& r, const char* name, double flops) {
  r.op(kCompute, r.intern(trace::OpDescriptor{.name = name, .flops = flops}), {});
}

/// What one benchmark replays.
struct Case {
  std::vector<Trace> traces;
  replay::World world;

  size_t num_nodes() const {
    size_t sum = 0;
    for (const Trace& trace : traces) sum += trace.nodes.size();
    return sum;
  }
};

Case one_role_each(std::vector<Trace> traces, int ranks_per_role) {
  Case made{std::move(traces), {}};
  for (const Trace& trace : made.traces) {
    made.world.role_of_rank.insert(made.world.role_of_rank.end(), static_cast<size_t>(ranks_per_role),
                                   static_cast<uint32_t>(made.world.roles.size()));
    made.world.roles.push_back(&trace);
  }
  return made;
}

Case chain(int num_ops) {
  Recorder r(0, 1);
  for (int i = 0; i < num_ops; ++i) add_op(r, i % 3 == 0 ? "mm" : "add", i % 3 == 0 ? 20e6 : 5e6);
  std::vector<Trace> traces;
  traces.push_back(r.take());
  return one_role_each(std::move(traces), 1);
}

// A unit of 20 operations that wait for its weights, gathered during the unit before; a tensor-parallel collective in
// the middle; storages come and go.
void add_unit(Recorder& r, int stage, uint32_t& gathered) {
  const uint32_t group = r.intern(trace::Group{"fsdp", {2 * stage, 2 * stage + 1}});
  const uint32_t tp = r.intern(trace::Group{"tp", {2 * stage}});
  using trace::CollectiveKind;
  r.wait_event(kCompute, gathered);
  r.collective(kGather, r.intern(trace::CollectiveDescriptor{CollectiveKind::all_gather, group, "bfloat16", 4e7}), {});
  gathered = r.record_event(kGather);
  for (int i = 0; i < 20; ++i) {
    const uint32_t storage = r.alloc(kCompute, 1 << 20);
    add_op(r, i % 4 == 0 ? "mm" : "add", i % 4 == 0 ? 80e6 : 8e6);
    if (i == 10)
      r.collective(kCompute, r.intern(trace::CollectiveDescriptor{CollectiveKind::all_reduce, tp, "bfloat16", 1e6}),
                   {});
    r.free(kCompute, storage, 1 << 20);
  }
}

// Forward through `num_stages` stages of 16 units each, one role per stage.
Case pipeline(int num_stages, int num_microbatches) {
  std::vector<Trace> traces;
  for (int stage = 0; stage < num_stages; ++stage) {
    Recorder r(2 * stage, 2 * num_stages);
    std::vector<int32_t> ranks;
    for (int s = 0; s < num_stages; ++s) ranks.push_back(2 * s);
    const uint32_t group = r.intern(trace::Group{"pp", ranks});
    r.begin_scope("step");
    uint32_t gathered = r.record_event(kGather);
    for (int microbatch = 0; microbatch < num_microbatches; ++microbatch) {
      if (stage > 0) {
        r.recv(kP2p, r.intern(trace::TransferDescriptor{group, 2 * (stage - 1), 1e7}), {});
        r.wait_event(kCompute, r.record_event(kP2p));
      }
      for (int unit = 0; unit < 16; ++unit) add_unit(r, stage, gathered);
      r.wait_event(kP2p, r.record_event(kCompute));
      if (stage + 1 < num_stages) r.send(kP2p, r.intern(trace::TransferDescriptor{group, 2 * (stage + 1), 1e7}), {});
    }
    r.end_scope();
    traces.push_back(r.take());
  }
  return one_role_each(std::move(traces), 2);
}

template <class Run>
double processor_seconds(const Run& run) {
  const std::clock_t start = std::clock();  // others may use the machine
  benchmark::DoNotOptimize(run());
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

void compare(benchmark::State& state, const std::string& name, const Case& timed, double asked) {
  const FixedPrices prices;
  std::vector<double> ours_s;
  for (auto _ : state) {
    ours_s.push_back(processor_seconds([&] { return replay::replay(timed.world, prices, prices); }));
  }
  const auto num_nodes = static_cast<double>(timed.num_nodes());
  state.counters["nodes_per_s"] = num_nodes / bench::median(ours_s);
  bench::report(state, {.name = "replay of " + name,
                        .ours = {"titan", bench::median(ours_s)},
                        .other = {"asked", num_nodes / asked},
                        .bound = "at least 1.0x"});
}

void chain(benchmark::State& state) { compare(state, "a chain of 500000 operations", chain(500000), 50e6); }
BENCHMARK(chain)->Iterations(15)->Unit(benchmark::kMillisecond);

void pipeline(benchmark::State& state) {
  compare(state, "8 pipeline stages, 16 units, 64 microbatches", pipeline(8, 64), 50e6);
}
BENCHMARK(pipeline)->Iterations(15)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace titan
