// What FSDP's settings change of the communication that a recorded step asks for.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/sim/device/record_step.h"

namespace titan::test {
namespace {

using trace::CollectiveKind;

/// Bytes of each collective of one kind along one mesh axis, in order of issue.
std::vector<double> bytes_of(const trace::Trace& trace, CollectiveKind kind, const std::string& axis) {
  std::vector<double> bytes;
  for (const auto& node : trace.nodes) {
    if (node.kind != trace::NodeKind::collective) continue;
    const auto& one = trace.collectives[node.id];
    if (one.kind == kind && trace.groups[one.group].name == axis) bytes.push_back(one.bytes);
  }
  return bytes;
}

double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

std::vector<double> halved(std::vector<double> values) {
  for (double& value : values) value /= 2;
  return values;
}

StepCase hybrid(const std::string& reduce) {
  StepCase one = find_case(step_cases(), "fsdp4");
  one.config.parallelism.data_parallel_replicate_degree = 2;
  one.config.parallelism.data_parallel_shard_degree = 2;
  one.config.training.mixed_precision_reduce = reduce;
  return one;
}

TEST(FsdpTraffic, ReducingInBFloat16HalvesEachReduction) {
  const auto wide = record(hybrid("float32"), 0, {}), narrow = record(hybrid("bfloat16"), 0, {});
  for (const auto& [kind, axis] :
       {std::pair(CollectiveKind::reduce_scatter, "fsdp"), std::pair(CollectiveKind::all_reduce, "dp_replicate")}) {
    const auto expected = bytes_of(wide, kind, axis);
    EXPECT_EQ(expected.size(), 8u) << axis;  // embedding, 6 blocks, head
    EXPECT_EQ(bytes_of(narrow, kind, axis), halved(expected)) << axis;
  }
  EXPECT_EQ(bytes_of(narrow, CollectiveKind::all_gather, "fsdp"), bytes_of(wide, CollectiveKind::all_gather, "fsdp"));
}

// Of G groups of blocks: embedding and groups are gathered forward and backward, the head once, as it stays; each is
// reduced once. What travels is the same.
TEST(FsdpTraffic, WrappingChangesTheNumberOfCollectivesAndNotTheirBytes) {
  StepCase one = find_case(step_cases(), "fsdp4");
  const auto alone = record(one, 0, {});
  const auto gathered = bytes_of(alone, CollectiveKind::all_gather, "fsdp");
  const auto reduced = bytes_of(alone, CollectiveKind::reduce_scatter, "fsdp");
  EXPECT_EQ(gathered.size(), 15u);
  EXPECT_EQ(reduced.size(), 8u);
  for (const auto& [together, num_groups] : {std::pair(2, 3u), std::pair(4, 2u), std::pair(6, 1u), std::pair(99, 1u)}) {
    one.fsdp_blocks_per_unit = together;
    const auto trace = record(one, 0, {});
    const auto gathers = bytes_of(trace, CollectiveKind::all_gather, "fsdp");
    const auto reductions = bytes_of(trace, CollectiveKind::reduce_scatter, "fsdp");
    EXPECT_EQ(gathers.size(), 2 * (1 + num_groups) + 1) << together;
    EXPECT_EQ(reductions.size(), num_groups + 2) << together;
    EXPECT_EQ(sum(gathers), sum(gathered)) << together;
    EXPECT_EQ(sum(reductions), sum(reduced)) << together;
    const double block = reduced[1];  // backward begins with the head
    EXPECT_EQ(*std::max_element(reductions.begin() + 1, reductions.end() - 1), std::min(together, 6) * block);
  }
}

}  // namespace
}  // namespace titan::test
