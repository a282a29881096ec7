#include <gtest/gtest.h>

#include "models/llama3/config.h"
#include "models/llama3/model.h"
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

// Full checkpointing runs the blocks forward once more, 2 FLOPs per weight of a block and 2 S H D of attention, up to
// the last product (w2), whose result only the residual stream takes.
TEST(RecordedFlops, OfFullCheckpointingAreABlocksForwardUpToW2More) {
  const auto cases = step_cases();
  const auto dims = debug_model().dims;
  const auto flops = flops_of(record(find_case(cases, "checkpoint_full_all"), 0, {}));
  const double all = multiplied_parameters(dims), head = static_cast<double>(dims.vocab_size * dims.dim);
  const double unread = static_cast<double>(dims.num_layers * dims.dim * dims.ffn_hidden);
  EXPECT_DOUBLE_EQ(flops.matmul, (8.0 * (all - head - unread) + 6.0 * (head + unread)) * kTokens);
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

}  // namespace
}  // namespace titan::test
