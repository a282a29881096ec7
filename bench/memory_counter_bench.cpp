// The counting allocator against the allocator that it wraps, in one run.
#include <benchmark/benchmark.h>
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "runtime/platform/memory_counter.h"

namespace titan {
namespace {

double seconds_per_allocation(c10::Allocator& allocator, size_t num_bytes) {
  constexpr int kCount = 20000;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kCount; ++i) benchmark::DoNotOptimize(allocator.allocate(num_bytes).get());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / kCount;
}

void counting(benchmark::State& state) {
  c10::Allocator& plain = *c10::GetDefaultCPUAllocator();
  static c10::Allocator& counted = *platform::make_counting_allocator(&plain);
  const size_t num_bytes = static_cast<size_t>(state.range(0));
  double plain_s = std::numeric_limits<double>::infinity();
  double counted_s = plain_s;
  for (auto _ : state) {
    plain_s = std::min(plain_s, seconds_per_allocation(plain, num_bytes));
    counted_s = std::min(counted_s, seconds_per_allocation(counted, num_bytes));
  }
  state.counters["plain_ns"] = 1e9 * plain_s;
  state.counters["counted_ns"] = 1e9 * counted_s;
  state.counters["extra_ns"] = 1e9 * (counted_s - plain_s);
}
BENCHMARK(counting)->Arg(256)->Arg(1 << 16)->Arg(1 << 22)->Iterations(20);

}  // namespace
}  // namespace titan
