#include <gtest/gtest.h>

#include "models/llama3/config.h"
#include "models/llama3/model.h"
#include "sim/trace/categories.h"
#include "tests/sim/device/record_step.h"

namespace titan::test {
namespace {

struct Flops {
  double matmul = 0.0, attention = 0.0;
};

Flops flops_of(const trace::Trace& trace) {
  Flops sum;
  for (const auto& node : trace.nodes) {
    if (node.kind != trace::NodeKind::op) continue;
    const auto& op = trace.ops[node.id];
    if (op.op_class == trace::OpClass::matmul) sum.matmul += op.flops;
    if (op.op_class == trace::OpClass::attention) sum.attention += op.flops;
  }
  return sum;
}

const StepCase& find_case(const std::vector<StepCase>& cases, const std::string& name) {
  return *std::find_if(cases.begin(), cases.end(), [&](const StepCase& one) { return one.name == name; });
}

constexpr double kTokens = 8 * 128;  // of a step, over all ranks

/// Weights that a token is multiplied with: all but the embedding table (a lookup) and the norms (element-wise).
double multiplied_parameters(const config::ModelDims& d) {
  const double head_dim = static_cast<double>(d.dim) / static_cast<double>(d.num_heads);
  const double attention = static_cast<double>(2 * d.dim * (d.num_heads + d.num_kv_heads)) * head_dim;
  return static_cast<double>(d.num_layers) * (attention + 3.0 * static_cast<double>(d.dim * d.ffn_hidden)) +
         static_cast<double>(d.vocab_size * d.dim);
}

// Each multiplied weight costs a token one multiplication and one addition forward, and two of both backward (gradient
// of the input, of the weight): 6 FLOPs. Causal attention forward takes two products over S^2 / 2 pairs of each head,
// 2 · 2 · D · S^2 / 2 per head and sequence; backward five, as the scores are computed again: S · H · D · (2 + 5) per
// token and block.
TEST(RecordedFlops, OfAStepAreSixPerWeightAndTokenAndSevenHalvesOfAttentionForward) {
  const auto cases = step_cases();
  const auto dims = debug_model().dims;
  const auto flops = flops_of(record(find_case(cases, "plain"), 0, {}));
  EXPECT_DOUBLE_EQ(flops.matmul, 6.0 * multiplied_parameters(dims) * kTokens);
  EXPECT_DOUBLE_EQ(flops.attention, 7.0 * static_cast<double>(dims.num_layers * dims.dim) * 128 * kTokens);
}

// Full checkpointing runs the blocks forward once more: 2 FLOPs per weight of a block and 2 S H D of attention.
TEST(RecordedFlops, OfFullCheckpointingAreABlocksForwardMore) {
  const auto cases = step_cases();
  const auto dims = debug_model().dims;
  const auto flops = flops_of(record(find_case(cases, "checkpoint_full_all"), 0, {}));
  const double all = multiplied_parameters(dims), head = static_cast<double>(dims.vocab_size * dims.dim);
  EXPECT_DOUBLE_EQ(flops.matmul, (8.0 * (all - head) + 6.0 * head) * kTokens);
  EXPECT_DOUBLE_EQ(flops.attention, 9.0 * static_cast<double>(dims.num_layers * dims.dim) * 128 * kTokens);
}

// Neither cuts of the batch nor of the weights change the sum over ranks.
TEST(RecordedFlops, OfAllRanksAreThoseOfOneRank) {
  const auto cases = step_cases();
  const auto whole = flops_of(record(find_case(cases, "plain"), 0, {}));
  for (const char* name : {"fsdp4", "tp2", "hsdp2x2_tp2", "accumulation2"}) {
    const auto& one = find_case(cases, name);
    Flops sum;
    for (int rank = 0; rank < one.world_size; ++rank) {
      const auto flops = flops_of(record(one, rank, {}));
      sum.matmul += flops.matmul;
      sum.attention += flops.attention;
    }
    EXPECT_DOUBLE_EQ(sum.matmul, whole.matmul) << name;
    EXPECT_DOUBLE_EQ(sum.attention, whole.attention) << name;
  }
}

/// Live bytes at the end of the trace by category.
uint64_t bytes_at_end(const trace::Trace& trace, std::string_view category) {
  uint64_t bytes = 0;
  std::vector<uint16_t> categories(trace.num_storages);
  for (const auto& node : trace.nodes) {
    if (node.kind == trace::NodeKind::alloc) categories[node.id] = node.category();
    if (node.kind != trace::NodeKind::alloc && node.kind != trace::NodeKind::free) continue;
    if (trace.categories.at(categories[node.id]) != category) continue;
    bytes += node.kind == trace::NodeKind::alloc ? node.value : -node.value;
  }
  return bytes;
}

// Float32: 4 bytes per parameter, and a rotary table of 128 positions x 8 pairs x 2; two moments of 4 bytes per
// parameter and a step count of 4 per tensor (9 in each of 6 blocks, embedding, norm, head). Over 4 ranks each holds a
// quarter, as 4 divides every size here.
TEST(MemoryCategories, OfStateAreTheSizesOfTheModel) {
  const auto cases = step_cases();
  const uint64_t num_parameters = debug_model().num_parameters, table = 128 * 8 * 2 * 4, steps = (6 * 9 + 3) * 4;
  const auto plain = record(find_case(cases, "plain"), 0, {});
  EXPECT_EQ(bytes_at_end(plain, "parameters"), 4 * num_parameters + table);
  EXPECT_EQ(bytes_at_end(plain, "optimizer"), 8 * num_parameters + steps);
  EXPECT_EQ(bytes_at_end(plain, "gradients"), 0u);
  const auto quarter = record(find_case(cases, "fsdp4"), 0, {});
  EXPECT_EQ(bytes_at_end(quarter, "parameters"), num_parameters + table);
  EXPECT_EQ(bytes_at_end(quarter, "optimizer"), 2 * num_parameters + steps);
  EXPECT_EQ(bytes_at_end(quarter, "fsdp_buffers"), 0u);
}

TEST(MemoryCategories, SumToThePeakAndLeaveNothingUntagged) {
  for (const auto& one : step_cases()) {
    const auto trace = record(one, 0, {}, /*num_steps=*/2);
    const auto peak = trace::find_memory_peak(trace, 0, trace.nodes.size());
    uint64_t sum = 0;
    for (const uint64_t bytes : peak.bytes) sum += bytes;
    EXPECT_EQ(sum, peak.total_bytes) << one.name;
    EXPECT_EQ(peak.bytes.at(0), 0u) << one.name;
    EXPECT_EQ(trace.categories.at(0), "other");
  }
}

// At the peak of a plain step, in the backward of the loss, logits live three times in float32: themselves, their
// softmax and its gradient. Gradients: none yet. Each holds 8 x 128 x 2048 numbers; labels and counts are small.
TEST(MemoryCategories, OfThePeakOfAPlainStepAreLogitsThreeTimesAndActivations) {
  const auto cases = step_cases();
  const auto trace = record(find_case(cases, "plain"), 0, {}, /*num_steps=*/2);
  const auto peak = trace::find_memory_peak(trace, 0, trace.nodes.size());
  const auto bytes_of = [&](std::string_view category) {
    const auto found = std::find(trace.categories.begin(), trace.categories.end(), category);
    return static_cast<double>(peak.bytes.at(found - trace.categories.begin()));
  };
  const double logits = 8.0 * 128 * 2048 * 4;
  EXPECT_NEAR(bytes_of("logits_and_loss"), 3 * logits, 0.01 * logits);
  EXPECT_EQ(bytes_of("gradients"), 0.0);
  EXPECT_GT(bytes_of("activations"), logits);
}

}  // namespace
}  // namespace titan::test
