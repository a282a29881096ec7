// Collectives among threads against memcpy in one run. The larger tensor of each rank (all_gather: the gathered one,
// reduce_scatter: the one to be reduced) has n bytes; beside it every rank copies n bytes with memcpy.
#include <ATen/core/Tensor.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "bench/comparison.h"
#include "runtime/comm/communicator.h"
#include "runtime/comm/thread_ranks.h"

namespace titan {
namespace {

using comm::Communicator;

constexpr int kRounds = 5;
const platform::Stream kStream;

/// What one rank does in one repetition.
using Body = std::function<void()>;

/// Seconds per repetition from the first rank's start to the last rank's end.
double seconds_of(Communicator& comm, int repetitions, const Body& body) {
  const auto now = [] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  };
  comm.barrier();
  const at::Tensor start = at::full({1}, now(), at::kDouble);
  for (int i = 0; i < repetitions; ++i) body();
  const at::Tensor end = at::full({1}, now(), at::kDouble);
  comm.all_reduce(start, comm::ReduceOp::min, kStream).wait(kStream);
  comm.all_reduce(end, comm::ReduceOp::max, kStream).wait(kStream);
  return (end.item().toDouble() - start.item().toDouble()) / repetitions;
}

struct Times {
  double collective_s = std::numeric_limits<double>::infinity();
  double memcpy_s = std::numeric_limits<double>::infinity();
};

/// Best of several alternating rounds, so that a busy machine disturbs both sides alike.
Times compare(Communicator& comm, int64_t num_bytes, const Body& collective) {
  const at::Tensor from = at::ones({num_bytes}, at::kByte);
  const at::Tensor to = at::ones({num_bytes}, at::kByte);
  const Body copy = [&] {
    std::memcpy(to.mutable_data_ptr(), from.const_data_ptr(), static_cast<size_t>(num_bytes));
    benchmark::ClobberMemory();
  };
  const int repetitions = static_cast<int>(std::clamp<int64_t>((int64_t{64} << 20) / num_bytes, 1, 50));
  Times best;
  for (int round = 0; round < kRounds; ++round) {
    best.collective_s = std::min(best.collective_s, seconds_of(comm, repetitions, collective));
    best.memcpy_s = std::min(best.memcpy_s, seconds_of(comm, repetitions, copy));
  }
  return best;
}

Times all_reduce(Communicator& comm, int64_t num_bytes) {
  const at::Tensor tensor = at::ones({num_bytes / 4}, at::kFloat);
  return compare(comm, num_bytes, [&] { comm.all_reduce(tensor, comm::ReduceOp::max, kStream).wait(kStream); });
}

Times all_gather(Communicator& comm, int64_t num_bytes) {
  const at::Tensor full = at::ones({num_bytes / 4}, at::kFloat);
  const at::Tensor shard = at::ones({num_bytes / 4 / comm.size()}, at::kFloat);
  return compare(comm, num_bytes, [&] { comm.all_gather(shard, full, kStream).wait(kStream); });
}

Times reduce_scatter(Communicator& comm, int64_t num_bytes) {
  const at::Tensor full = at::ones({num_bytes / 4}, at::kFloat);
  const at::Tensor shard = at::ones({num_bytes / 4 / comm.size()}, at::kFloat);
  return compare(comm, num_bytes,
                 [&] { comm.reduce_scatter(full, shard, comm::ReduceOp::sum, kStream).wait(kStream); });
}

void against_memcpy(benchmark::State& state, const char* name, Times (*measure)(Communicator&, int64_t)) {
  const int num_ranks = static_cast<int>(state.range(0));
  const int64_t num_mib = state.range(1);
  std::vector<int> ranks;
  for (int rank = 0; rank < num_ranks; ++rank) ranks.push_back(rank);
  Times times;
  for (auto _ : state) {
    const auto world = comm::ThreadWorld::create(num_ranks);
    comm::run_thread_ranks(*world, [&](int rank) {
      const Times of_rank = measure(*world->make_communicator(rank, ranks, "bench"), num_mib << 20);
      if (rank == 0) times = of_rank;
    });
  }
  bench::report(state, {.name = std::to_string(num_ranks) + " rank threads, " + std::to_string(num_mib) + " MiB",
                        .ours = {name, times.collective_s},
                        .other = {"memcpy", times.memcpy_s},
                        .ratio = bench::Ratio::cost});
}

BENCHMARK_CAPTURE(against_memcpy, all_reduce, "all_reduce", all_reduce)->ArgsProduct({{2, 4}, {1, 64}})->Iterations(1);
BENCHMARK_CAPTURE(against_memcpy, all_gather, "all_gather", all_gather)->ArgsProduct({{2, 4}, {1, 64}})->Iterations(1);
BENCHMARK_CAPTURE(against_memcpy, reduce_scatter, "reduce_scatter", reduce_scatter)
    ->ArgsProduct({{2, 4}, {1, 64}})
    ->Iterations(1);

}  // namespace
}  // namespace titan
