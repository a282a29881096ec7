// malloc and free of our caching allocator: the steady state of a training step, and random traffic; against PyTorch's
// allocator over a counting device where that is linked.
#include <benchmark/benchmark.h>

#include <cmath>
#include <ctime>
#include <random>
#include <vector>

#include "bench/comparison.h"
#include "sim/memory/caching_allocator.h"
#ifdef TITAN_REAL_ALLOCATOR
#include "tests/sim/memory/oracle/real_allocator.h"
#endif

namespace titan {
namespace {

using memory::kGiB;
using memory::kMiB;

/// A malloc of `bytes` into `slot`, or with 0 bytes its free.
struct Operation {
  uint64_t bytes = 0;
  memory::StreamId stream = 0;
  size_t slot = 0;
};

class Script {
 public:
  size_t malloc(uint64_t bytes, memory::StreamId stream = 0) {
    if (free_slots_.empty()) free_slots_.push_back(num_slots_++);
    const size_t slot = free_slots_.back();
    free_slots_.pop_back();
    operations_.push_back({bytes, stream, slot});
    return slot;
  }
  void free(size_t slot) {
    operations_.push_back({.slot = slot});
    free_slots_.push_back(slot);
  }
  void use(uint64_t bytes) { free(malloc(bytes)); }

  const std::vector<Operation>& operations() const { return operations_; }
  size_t num_slots() const { return num_slots_; }

 private:
  std::vector<Operation> operations_;
  std::vector<size_t> free_slots_;
  size_t num_slots_ = 0;
};

// Blocks of an 8B model in bfloat16 on a rank of 8, 8192 tokens: gathered parameters on a second stream, activations
// that live until their backward, temporaries, a reduced gradient shard.
Script training_step(int num_layers) {
  constexpr uint64_t kHidden = 64 * kMiB;
  constexpr uint64_t kFeedForward = 224 * kMiB;
  constexpr uint64_t kGathered = 416 * kMiB;
  Script script;
  std::vector<std::vector<size_t>> saved(static_cast<size_t>(num_layers));
  for (auto& layer : saved) {
    const size_t gathered = script.malloc(kGathered, 1);
    for (const uint64_t bytes :
         {kHidden, kHidden, kHidden / 4, kHidden / 4, kHidden, kMiB, kHidden, kFeedForward, kFeedForward}) {
      layer.push_back(script.malloc(bytes));
      script.use(bytes);
      script.use(32 * 1024);
    }
    script.free(gathered);
  }
  const size_t logits = script.malloc(2 * kGiB);
  script.use(4 * kGiB);
  script.free(logits);
  for (auto layer = saved.rbegin(); layer != saved.rend(); ++layer) {
    const size_t gathered = script.malloc(kGathered, 1);
    for (auto slot = layer->rbegin(); slot != layer->rend(); ++slot) {
      const size_t gradient = script.malloc(kHidden);
      script.use(kFeedForward);
      script.use(512);
      script.free(*slot);
      script.free(gradient);
    }
    script.free(gathered);
    script.free(script.malloc(kGathered * 2, 2));
    script.free(script.malloc(kGathered / 4, 2));
  }
  return script;
}

// Sizes 2^x, x even in [9, 27]; three streams; half of up to 500 blocks live.
Script random_traffic(int num_operations) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> share(0.0, 1.0);
  Script script;
  std::vector<size_t> live;
  for (int i = 0; i < num_operations; ++i) {
    if (live.size() < 500 && (live.empty() || share(random) < 0.52)) {
      const auto bytes = static_cast<uint64_t>(std::exp2(9.0 + 18.0 * share(random)));
      live.push_back(script.malloc(bytes, static_cast<memory::StreamId>(random() % 3)));
    } else {
      std::swap(live[random() % live.size()], live.back());
      script.free(live.back());
      live.pop_back();
    }
  }
  for (const size_t slot : live) script.free(slot);
  return script;
}

template <class Allocator, class Block>
double seconds_per_operation(Allocator& allocator, const Script& script, std::vector<Block>& blocks, int num_rounds) {
  const std::clock_t start = std::clock();  // processor time: others may use the machine
  for (int round = 0; round < num_rounds; ++round) {
    for (const Operation& operation : script.operations()) {
      Block& block = blocks[operation.slot];
      if (operation.bytes == 0) {
        allocator.free(block);
      } else {
        block = allocator.malloc(operation.bytes, operation.stream);
      }
    }
  }
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  return seconds / (num_rounds * static_cast<double>(script.operations().size()));
}

void compare(benchmark::State& state, const std::string& name, const Script& script) {
  const memory::AllocatorOptions options = {.capacity_bytes = 200 * kGiB, .expandable_segments = state.range(0) != 0};
  const int num_rounds = static_cast<int>(1 + 200000 / script.operations().size());
  memory::CompletedEvents events;
  memory::CachingAllocator ours(options, events);
  std::vector<memory::BlockId> blocks(script.num_slots());
  std::vector<double> ours_s;
  std::vector<double> real_s;
#ifdef TITAN_REAL_ALLOCATOR
  memory::RealAllocator real(options);
  std::vector<uint64_t> addresses(script.num_slots());
#endif
  for (auto _ : state) {
    ours_s.push_back(seconds_per_operation(ours, script, blocks, num_rounds));
#ifdef TITAN_REAL_ALLOCATOR
    real_s.push_back(seconds_per_operation(real, script, addresses, num_rounds));
#endif
  }
  const double median_s = bench::median(ours_s);
  state.counters["operations_per_s"] = 1.0 / median_s;
  if (real_s.empty()) return;
  bench::report(state, {.name = name + (options.expandable_segments ? ", expandable" : ", native"),
                        .ours = {"titan", median_s},
                        .other = {"PyTorch", bench::median(real_s)}});
}

void step(benchmark::State& state) { compare(state, "malloc or free in a training step", training_step(32)); }
BENCHMARK(step)->Arg(0)->Arg(1)->Iterations(7);

void random(benchmark::State& state) { compare(state, "malloc or free in random traffic", random_traffic(200000)); }
BENCHMARK(random)->Arg(0)->Arg(1)->Iterations(7);

}  // namespace
}  // namespace titan
