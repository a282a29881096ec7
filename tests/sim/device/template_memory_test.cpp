// Memory that ends within a call: a template asks the allocator the same, fails at the same node with the same message
// and leaves the same memory behind. Only the order in which tensors die on the way out of the failed call is its own.
#include <ATen/ops/linear.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/silu.h>

#include <algorithm>
#include <set>
#include <string>

#include "sim/memory/out_of_memory.h"
#include "tests/sim/device/template_scene.h"

namespace titan::test {
namespace {

using trace::Node;
using trace::NodeKind;

constexpr int kNumMicrobatches = 3;

/// All forwards, then all backwards, so that memory fills up.
void train_all(SimPlatform& platform, FunctionUnit& one) {
  std::vector<unit::SavedForward> saved(kNumMicrobatches);
  std::vector<Tuple> gradients(kNumMicrobatches);
  for (int k = 0; k < kNumMicrobatches; ++k)
    gradients[k] = gradients_of(forward(platform, one, {at::empty({1024, kWidth}, on(platform))}, &saved[k]));
  for (int k = kNumMicrobatches; k-- > 0;) backward(platform, one, std::move(gradients[k]), saved[k]);
}

struct Ended {
  std::string message;  // empty: there was memory enough
  std::vector<Node> nodes;
  std::vector<Node> frees;  // at the end, in order of storages
  std::vector<memory::SegmentInfo> segments;
  int64_t peak_bytes = 0, num_retries = 0, num_ooms = 0, num_hits = 0;

  bool operator==(const Ended&) const = default;
};

void split_frees(std::vector<Node>& nodes, std::vector<Node>& frees) {
  while (!nodes.empty() && nodes.back().kind == NodeKind::free) {
    frees.push_back(nodes.back());
    nodes.pop_back();
  }
  std::sort(frees.begin(), frees.end(), [](const Node& a, const Node& b) { return a.id < b.id; });
}

Ended play_within(const memory::AllocatorOptions& options, bool templates) {
  SimPlatform platform({.rank = 0, .size = 1, .local_rank = 0}, {.memory = options, .templates = templates});
  Ended ended;
  {
    FunctionUnit one("gated", [](const FunctionUnit& u, const Tuple& x) -> Tuple {
      const auto y = at::linear(x[0], u.w(0));
      return {at::mul(at::silu(y), y)};
    });
    try {
      one.with(weight(platform));
      train_all(platform, one);
    } catch (const memory::OutOfMemoryError& error) {
      ended.message = error.what();
    }
    ended.segments = platform.state().memory().snapshot();
  }
  const auto& stats = platform.state().memory().stats();
  ended.peak_bytes = stats.all.allocated_bytes.peak;
  ended.num_retries = stats.num_alloc_retries;
  ended.num_ooms = stats.num_ooms;
  ended.num_hits = platform.templates().num_hits;
  ended.nodes = platform.take_trace().nodes;
  split_frees(ended.nodes, ended.frees);
  return ended;
}

class TemplateMemory : public testing::TestWithParam<bool> {};

// Tensors of 512 KiB share segments of 2 MiB: capacities from nothing to enough, in steps smaller than a segment.
TEST_P(TemplateMemory, EndsWhereExecutingEnds) {
  constexpr uint64_t kMiB = 1 << 20;
  std::set<size_t> ends;
  int64_t num_hits = 0;
  bool is_enough = false;
  for (uint64_t capacity = kMiB; !is_enough; capacity += kMiB) {
    SCOPED_TRACE("capacity MiB: " + std::to_string(capacity / kMiB));
    ASSERT_LT(capacity, 200 * kMiB);
    const memory::AllocatorOptions options{.capacity_bytes = capacity, .expandable_segments = GetParam()};
    const Ended executed = play_within(options, false);
    Ended templated = play_within(options, true);
    num_hits += templated.num_hits;
    templated.num_hits = 0;
    EXPECT_TRUE(executed == templated) << executed.message << "\n" << templated.message;
    is_enough = executed.message.empty();
    if (!is_enough) ends.insert(executed.nodes.size());
  }
  EXPECT_GE(ends.size(), 4u);
  EXPECT_GT(num_hits, 0);
}

INSTANTIATE_TEST_SUITE_P(Segments, TemplateMemory, testing::Bool(),
                         [](const auto& instance) { return instance.param ? "Expandable" : "Native"; });

}  // namespace
}  // namespace titan::test
