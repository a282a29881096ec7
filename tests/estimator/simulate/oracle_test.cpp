// Law 3: a recorded step has the FLOPs and the state of the closed formulas in estimator/analytic.h.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "estimator/analytic.h"
#include "estimator/simulate/record.h"
#include "tests/estimator/simulate/scenario.h"

namespace titan::test {
namespace {

using estimator::Checkpointing;
using trace::NodeKind;

struct Layout {
  std::string name;
  Change change;
  int64_t tensor = 1, replicas = 1;
};

struct OracleCase {
  std::string name;
  std::string flavor;
  Layout layout;
  std::string checkpointing;
  int64_t accumulation = 1;

  Scenario scenario() const {
    return llama3(flavor, kRanks, all_of({layout.change, test::checkpointing(checkpointing), [this](auto& config) {
                                            config.training.global_batch_size = sequences();
                                          }}));
  }
  int64_t sequences() const { return accumulation * kRanks / layout.tensor; }

  static constexpr int64_t kRanks = 8;
};

void PrintTo(const OracleCase& one, std::ostream* out) { *out << one.name; }

std::vector<OracleCase> oracle_cases() {
  const Layout layouts[] = {{.name = "fsdp8", .change = replicas(1)},
                            {.name = "tp2_fsdp4", .change = tensor_parallel(2), .tensor = 2},
                            {.name = "hsdp2x4", .change = replicas(2), .replicas = 2}};
  std::vector<OracleCase> cases;
  for (const char* flavor : {"debugmodel", "8B"}) {
    for (const auto& layout : layouts) {
      for (const char* mode : {"none", "full", "op"}) {
        for (const int64_t accumulation : {1, 2}) {
          cases.push_back(
              {.name = std::string(flavor) + "_" + layout.name + "_" + mode + "_" + std::to_string(accumulation),
               .flavor = flavor,
               .layout = layout,
               .checkpointing = mode,
               .accumulation = accumulation});
        }
      }
    }
  }
  return cases;
}

double recorded_flops(const trace::Trace& trace, trace::OpClass op_class) {
  double sum = 0.0;
  for (const auto& node : trace.nodes) {
    if (node.kind == NodeKind::op && trace.ops[node.id].op_class == op_class) sum += trace.ops[node.id].flops;
  }
  return sum;
}

/// Requested bytes by category that are alive after a node.
std::map<std::string, int64_t> alive_after(const trace::Trace& trace, size_t last) {
  std::map<std::string, int64_t> alive;
  std::vector<uint16_t> category_of(trace.num_storages);
  for (size_t i = 0; i <= last; ++i) {
    const auto& node = trace.nodes[i];
    if (node.kind == NodeKind::alloc) category_of[node.id] = node.category();
    if (node.kind != NodeKind::alloc && node.kind != NodeKind::free) continue;
    const auto bytes = static_cast<int64_t>(node.value);
    alive[trace.categories[category_of[node.id]]] += node.kind == NodeKind::alloc ? bytes : -bytes;
  }
  return alive;
}

/// Where the host reads the norm of the complete gradients, before the optimizer changes them.
size_t read_of_the_norm(const trace::Trace& trace) {
  const auto found = std::find_if(trace.nodes.rbegin(), trace.nodes.rend(),
                                  [](const trace::Node& node) { return node.kind == NodeKind::host_sync; });
  if (found == trace.nodes.rend()) throw std::logic_error("the host reads nothing");
  return static_cast<size_t>(trace.nodes.rend() - found) - 1;
}

class Oracle : public testing::TestWithParam<OracleCase> {
 protected:
  Oracle() : scenario_(GetParam().scenario()), recording_(estimator::record(scenario_.request(/*num_steps=*/1))) {}

  /// A scalar summed over all ranks.
  template <class F>
  double sum_over_ranks(F&& of_trace) const {
    double sum = 0.0;
    for (const auto& role : recording_.roles) sum += static_cast<double>(role.multiplicity) * of_trace(role.trace);
    return sum;
  }

  estimator::StateBytes state() const {
    const auto& layout = GetParam().layout;
    return estimator::state_bytes(
        scenario_.model.dims, estimator::whole_model(scenario_.model.dims),
        {.tensor = layout.tensor, .shard = OracleCase::kRanks / layout.tensor / layout.replicas});
  }

  Scenario scenario_;
  estimator::Recording recording_;
};

// The sum over ranks does not depend on how they divide the work: exact, as all counts are whole numbers below 2^53
// times powers of two at these sizes, or rounded in the last place.
TEST_P(Oracle, GivesTheFlopsOfARecordedStep) {
  const std::map<std::string, Checkpointing> modes = {
      {"none", Checkpointing::none}, {"full", Checkpointing::full}, {"op", Checkpointing::op}};
  const int64_t seq_len = scenario_.config.training.seq_len;
  const auto expected =
      estimator::step_flops(scenario_.model.dims, {.tokens = GetParam().sequences() * seq_len,
                                                   .seq_len = seq_len,
                                                   .checkpointing = modes.at(GetParam().checkpointing)});
  const auto flops_of = [](trace::OpClass op_class) {
    return [op_class](const trace::Trace& trace) { return recorded_flops(trace, op_class); };
  };
  EXPECT_NEAR(sum_over_ranks(flops_of(trace::OpClass::matmul)) / expected.matmul(), 1.0, 1e-12);
  EXPECT_NEAR(sum_over_ranks(flops_of(trace::OpClass::attention)) / expected.attention(), 1.0, 1e-12);
}

// Beside the weights, parameters hold the rotary table: one cosine and one sine in float32 for each position and pair
// of a head's numbers.
TEST_P(Oracle, GivesTheStateAtTheEndOfAStep) {
  const auto& trace = recording_.roles.front().trace;
  const auto& dims = scenario_.model.dims;
  const int64_t rotary_bytes = scenario_.config.training.seq_len * (dims.dim / dims.num_heads) * 4;
  auto alive = alive_after(trace, trace.nodes.size() - 1);
  EXPECT_EQ(alive["parameters"], state().parameters + rotary_bytes);
  EXPECT_EQ(alive["optimizer"], state().optimizer);
  EXPECT_EQ(alive["gradients"], 0);
  EXPECT_EQ(alive["activations"], 0);
  EXPECT_EQ(alive["fsdp_buffers"], 0);
}

TEST_P(Oracle, GivesTheGradientsThatTheOptimizerTakes) {
  const auto& trace = recording_.roles.front().trace;
  EXPECT_EQ(alive_after(trace, read_of_the_norm(trace))["gradients"], state().gradients);
}

INSTANTIATE_TEST_SUITE_P(Steps, Oracle, testing::ValuesIn(oracle_cases()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace titan::test
