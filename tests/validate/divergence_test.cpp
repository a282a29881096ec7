// Compositions that are right agree with one rank; each deliberate defect is found where it was made. Ranks are
// numbered dp_replicate, fsdp, tp with tp fastest: with 2 x 2 x 2, rank 5 = replica 1, shard 0, tp 1.
#include "validate/divergence/divergence.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "runtime/comm/thread_ranks.h"
#include "tests/support/small_llama.h"
#include "tests/validate/faulty_platform.h"
#include "validate/divergence/report_text.h"

namespace titan {
namespace {

using test::CollectiveCall;
using test::Fault;
using test::Operation;
using unit::Phase;
using validate::DivergenceOptions;
using validate::DivergenceReport;
using validate::Stage;

struct Degrees {
  int replicate = 1, shard = 1, tensor = 1;
  int world() const { return replicate * shard * tensor; }
};

// Two microbatch rows per rank and step.
DivergenceOptions composition(const Degrees& degrees) {
  DivergenceOptions options{
      .config = test::small_config(), .model = test::small_llama(degrees.tensor), .world_size = degrees.world()};
  options.config.training.local_batch_size = 2;
  options.config.parallelism.data_parallel_replicate_degree = degrees.replicate;
  options.config.parallelism.data_parallel_shard_degree = degrees.shard;
  options.config.parallelism.tensor_parallel_degree = degrees.tensor;
  return options;
}

DivergenceOptions with_fault(const Degrees& degrees, Fault fault) {
  DivergenceOptions options = composition(degrees);
  options.hooks.decorate = [fault](platform::Platform& inner) {
    return std::make_unique<test::FaultyPlatform>(inner, fault);
  };
  return options;
}

void expect_agreement(const DivergenceOptions& options) {
  const auto report = validate::find_divergence(options);
  EXPECT_TRUE(report.agrees()) << validate::report_text(report);
  EXPECT_EQ(report.num_steps, options.num_steps);
  EXPECT_GT(report.num_tensors, 20 * options.world_size);
  EXPECT_LT(report.largest_error, 1e-11);
}

struct Place {
  Stage stage;
  std::string unit, tensor;
  int rank = 0;
  int64_t step = 1, microbatch = 0;
};

DivergenceReport expect_found(const DivergenceOptions& options, const Place& expected) {
  auto report = validate::find_divergence(options);
  EXPECT_FALSE(report.agrees());
  if (report.agrees()) return report;
  const auto& first = *report.first;
  const std::string text = validate::report_text(report);
  EXPECT_EQ(validate::name_of(first.stage), std::string(validate::name_of(expected.stage))) << text;
  EXPECT_EQ(first.unit, expected.unit) << text;
  EXPECT_EQ(first.tensor, expected.tensor) << text;
  EXPECT_EQ(first.rank, expected.rank) << text;
  EXPECT_EQ(first.step, expected.step) << text;
  EXPECT_EQ(first.microbatch, expected.microbatch) << text;
  EXPECT_GT(first.error, options.tolerance) << text;
  return report;
}

bool is_in(const CollectiveCall& call, Operation operation, const std::string& axis, const std::string& unit,
           Phase phase) {
  return call.operation == operation && call.axis == axis && call.unit == unit && call.phase == phase;
}

bool is_between_units(const CollectiveCall& call, Operation operation, const std::string& axis) {
  return call.operation == operation && call.axis == axis && call.unit.empty();
}

// The first part of a gather, or sum, comes where the last belongs and the other way round.
void swap_parts(const at::Tensor&, const at::Tensor& full, comm::Communicator& comm) {
  const auto parts = full.view(-1).view({comm.size(), -1});
  parts.copy_(parts.flip(0).clone());
}

// A reduce-scatter gives this rank's part of its own input alone.
void keep_own_part(const at::Tensor& full, const at::Tensor& shard, comm::Communicator& comm) {
  shard.view(-1).copy_(full.view(-1).view({comm.size(), -1}).select(0, comm.rank()));
}

// An all-reduce never happened.
void keep_own(const at::Tensor& before, const at::Tensor& tensor, comm::Communicator&) { tensor.copy_(before); }

void take_average(const at::Tensor&, const at::Tensor& result, comm::Communicator& comm) { result.div_(comm.size()); }

TEST(Divergence, AllDegreesTogetherAgreeWithOneRank) { expect_agreement(composition({2, 2, 2})); }

TEST(Divergence, EveryCheckpointingModeAgrees) {
  for (const char* mode : {"full", "selective", "memory_budget"}) {
    SCOPED_TRACE(mode);
    auto options = composition({1, 2, 2});
    options.config.activation_checkpoint.mode = mode;
    options.config.activation_checkpoint.selective_ac_option = "op";
    options.config.activation_checkpoint.memory_budget = 0.3;
    expect_agreement(options);
  }
}

TEST(Divergence, AccumulationAgrees) {
  auto options = composition({2, 1, 2});
  options.config.training.local_batch_size = 1;
  options.config.training.global_batch_size = 4;
  expect_agreement(options);
}

TEST(Divergence, ASequenceThatTensorRanksDoNotDivideAgrees) {
  for (const bool whole_logits : {false, true}) {
    auto options = composition({1, 2, 4});
    options.config.training.seq_len = 15;
    options.config.parallelism.disable_loss_parallel = whole_logits;
    expect_agreement(options);
  }
}

TEST(Divergence, BlocksThatAreWrappedTogetherAgree) {
  auto options = composition({2, 2, 2});
  options.fsdp_blocks_per_unit = 2;
  expect_agreement(options);
}

TEST(Divergence, TheOptimizerStepInBackwardAgrees) {
  auto options = composition({1, 2, 2});
  options.config.optimizer.early_step_in_backward = true;
  expect_agreement(options);
}

TEST(Divergence, Float32AgreesWithinItsOwnTolerance) {
  auto options = composition({1, 2, 2});
  options.dtype = c10::kFloat;
  options.tolerance = 1e-4;
  const auto report = validate::find_divergence(options);
  EXPECT_TRUE(report.agrees()) << validate::report_text(report);
}

// Defect 1. Tokens of the two halves of the sequence change places before attention.
TEST(Divergence, FindsAGatherWithSwappedParts) {
  const Fault fault{
      [](const auto& call) { return is_in(call, Operation::all_gather, "tp", "layers.0", Phase::forward); },
      swap_parts};
  expect_found(with_fault({1, 2, 2}, fault), {Stage::forward, "layers.0", "output"});
}

// Defect 2.
TEST(Divergence, FindsAMissingSumInForward) {
  const Fault fault{
      [](const auto& call) { return is_in(call, Operation::reduce_scatter, "tp", "layers.1", Phase::forward); },
      keep_own_part};
  expect_found(with_fault({1, 2, 2}, fault), {Stage::forward, "layers.1", "output"});
}

// Defect 3, on rank 3 alone: its peers have what they should.
TEST(Divergence, FindsAMissingSumInBackwardAtTheRankThatLacksIt) {
  const Fault fault{[](const auto& call) {
                      return call.rank == 3 &&
                             is_in(call, Operation::reduce_scatter, "tp", "layers.0", Phase::backward);
                    },
                    keep_own_part};
  expect_found(with_fault({1, 2, 2}, fault), {Stage::backward, "layers.0", "input gradient", 3});
}

// Defect 4. Backward begins with the head, whose first parameter is the norm.
TEST(Divergence, FindsAnAverageInsteadOfASumOverShardsAndNamesTheAxis) {
  const Fault fault{[](const auto& call) { return is_between_units(call, Operation::reduce_scatter, "fsdp"); },
                    take_average};
  const auto report =
      expect_found(with_fault({1, 2, 1}, fault), {Stage::backward, "norm + output", "norm.weight gradient"});
  ASSERT_TRUE(report.first);
  EXPECT_EQ(report.first->hint, "the value is 1/2 of the reference's: off by the size of axis fsdp");
}

// Defect 5.
TEST(Divergence, FindsAMissingSumOverReplicas) {
  const Fault fault{[](const auto& call) { return is_between_units(call, Operation::all_reduce, "dp_replicate"); },
                    keep_own};
  expect_found(with_fault({2, 2, 1}, fault), {Stage::backward, "norm + output", "norm.weight gradient"});
}

// Defect 6. Each tensor-parallel rank has the norms' gradients of its part of the sequence only. The norms over
// gradients that also travel on this axis are far smaller than the gradients (16 numbers a norm).
TEST(Divergence, FindsAMissingSumOfPartialGradients) {
  const Fault fault{
      [](const auto& call) { return call.numel >= 8 && is_between_units(call, Operation::all_reduce, "tp"); },
      keep_own};
  expect_found(with_fault({1, 1, 2}, fault), {Stage::backward, "norm + output", "norm.weight gradient"});
}

// Defect 7, on rank 2: the embedding is the first that is gathered.
TEST(Divergence, FindsSwappedShardsAtTheRankThatSwappedThem) {
  const Fault fault{
      [](const auto& call) { return call.rank == 2 && is_between_units(call, Operation::all_gather, "fsdp"); },
      swap_parts};
  expect_found(with_fault({1, 4, 1}, fault), {Stage::forward, "tok_embeddings", "output", 2});
}

// Defect 8, whatever is wrapped with the block.
TEST(Divergence, FindsAShardThatWasInitialisedWrongly) {
  for (const int64_t together : {1, 2}) {
    auto options = composition({1, 2, 2});
    options.fsdp_blocks_per_unit = together;
    options.hooks.after_build = [](train::Session& session) {
      if (session.platform().world().rank != 3) return;
      for (auto* shard : session.runner().shards()) {
        if (shard->name == "layers.1.feed_forward.w2.weight") shard->value.mul_(2.0);
      }
    };
    const auto report =
        expect_found(options, {Stage::initialisation, "layers.1", "layers.1.feed_forward.w2.weight value", 3, 0, -1});
    ASSERT_TRUE(report.first);
    EXPECT_EQ(report.first->hint, "the value is 2 times the reference's: off by the size of axis fsdp or tp");
  }
}

// Defect 9. The token count divides the loss's gradient; the tensors between units are already wrong after the loss.
TEST(Divergence, FindsATokenCountThatWasNotSummed) {
  const Fault fault{[](const auto& call) { return is_between_units(call, Operation::all_reduce, "batch"); }, keep_own};
  expect_found(with_fault({1, 2, 1}, fault), {Stage::backward, "loss", "input gradient"});
}

// Defect 10. The sums of squares are one number per set of axes: at most 2 here.
TEST(Divergence, FindsANormThatWasNotSummed) {
  const Fault fault{
      [](const auto& call) { return call.numel <= 2 && is_between_units(call, Operation::all_reduce, "tp"); },
      keep_own};
  expect_found(with_fault({1, 1, 2}, fault), {Stage::clip, "", "gradient norm", 0, 1, -1});
}

// Defect 11, in the second step.
TEST(Divergence, FindsAParameterThatIsDisturbedAfterTheUpdate) {
  auto options = composition({1, 2, 2});
  options.hooks.after_update = [](train::Session& session, int64_t step) {
    if (session.platform().world().rank != 2 || step != 2) return;
    for (auto* shard : session.runner().shards()) {
      if (shard->name == "layers.0.attention.wk.weight") shard->value.view(-1).select(0, 5).add_(1e-3);
    }
  };
  const auto report =
      expect_found(options, {Stage::optimizer, "layers.0", "layers.0.attention.wk.weight value", 2, 2, -1});
  ASSERT_TRUE(report.first);
  EXPECT_EQ(report.first->index, 5);
  EXPECT_NEAR(report.first->value - report.first->reference, 1e-3, 1e-9);
}

// Defect 12. The loss's sums over the vocabulary are each rank's own.
TEST(Divergence, FindsALossThatWasNotSummedOverTheVocabulary) {
  const Fault fault{[](const auto& call) { return is_in(call, Operation::all_reduce, "tp", "loss", Phase::forward); },
                    keep_own};
  expect_found(with_fault({1, 2, 2}, fault), {Stage::forward, "loss", "output"});
}

// The head's gradients are the first of backward, in the last microbatch; all forwards before it agree.
TEST(Divergence, CountsMicrobatches) {
  const Fault fault{[](const auto& call) { return is_between_units(call, Operation::reduce_scatter, "fsdp"); },
                    take_average};
  auto options = with_fault({1, 2, 1}, fault);
  options.config.training.local_batch_size = 1;
  options.config.training.global_batch_size = 4;
  expect_found(options, {Stage::backward, "norm + output", "norm.weight gradient", 0, 1, 1});
}

TEST(Divergence, NotANumberOnOneSideIsADivergence) {
  const Fault fault{[](const auto& call) {
                      return call.rank == 1 && is_in(call, Operation::all_gather, "tp", "layers.1", Phase::forward);
                    },
                    [](const auto&, const at::Tensor& full, auto&) { full.fill_(std::nan("")); }};
  const auto report = expect_found(with_fault({1, 1, 2}, fault), {Stage::forward, "layers.1", "output", 0});
  ASSERT_TRUE(report.first);
  EXPECT_NE(validate::report_json(report).find("\"nan\""), std::string::npos);
}

/// A platform on which one unit's backward gives another gradient of its first input.
class OtherInputGradient final : public validate::ForwardingPlatform {
 public:
  OtherInputGradient(platform::Platform& inner, std::string unit, at::Tensor gradient)
      : ForwardingPlatform(inner), unit_(std::move(unit)), gradient_(std::move(gradient)) {}

  std::vector<at::Tensor> run_unit(unit::UnitCall&& call) override {
    const bool applies = world().rank == 1 && call.phase == Phase::backward && call.unit->full_name() == unit_;
    auto results = ForwardingPlatform::run_unit(std::move(call));
    if (applies) results.at(0) = gradient_;
    return results;
  }

 private:
  std::string unit_;
  at::Tensor gradient_;
};

DivergenceOptions with_input_gradient(const std::string& unit, const at::Tensor& gradient) {
  DivergenceOptions options = composition({1, 2, 1});
  options.hooks.decorate = [=](platform::Platform& inner) {
    return std::make_unique<OtherInputGradient>(inner, unit, gradient);
  };
  return options;
}

TEST(Divergence, FindsATensorThatARankLacks) {
  const auto report =
      expect_found(with_input_gradient("layers.0", {}), {Stage::backward, "layers.0", "input gradient", 1});
  ASSERT_TRUE(report.first);
  EXPECT_EQ(report.first->mismatch, validate::Mismatch::missing);
  EXPECT_EQ(validate::report_text(report).find(
                "DIVERGE at step 1, microbatch 0, backward, unit layers.0, tensor input gradient, rank 1: missing, the "
                "reference has it"),
            0u);
}

// Tokens have no gradient.
TEST(Divergence, FindsATensorThatTheReferenceLacks) {
  const auto report = expect_found(with_input_gradient("tok_embeddings", at::zeros({1}, at::kDouble)),
                                   {Stage::backward, "tok_embeddings", "input gradient", 1});
  ASSERT_TRUE(report.first);
  EXPECT_EQ(report.first->mismatch, validate::Mismatch::unexpected);
  EXPECT_NE(validate::report_text(report).find("rank 1: unexpected, the reference has none"), std::string::npos);
  EXPECT_NE(validate::report_json(report).find("\"mismatch\": \"unexpected\""), std::string::npos);
}

// The first update leaves parameters of about 1e200, whose products are beyond float64.
TEST(Divergence, AReferenceThatIsNotFiniteIsNoDivergence) {
  auto options = composition({1, 2, 1});
  options.config.optimizer.lr = 1e200;
  options.num_steps = 3;
  const auto report = validate::find_divergence(options);
  EXPECT_FALSE(report.agrees());
  EXPECT_FALSE(report.first);
  EXPECT_EQ(report.num_steps, 1);
  const std::string text = validate::report_text(report);
  EXPECT_EQ(text.find("NO REFERENCE: one rank alone is not finite, so there is nothing to compare with: step 2: the "
                      "gradient norm is not finite"),
            0u)
      << text;
  EXPECT_NE(text.find("; first in the input gradient of unit norm + output, microbatch 0"), std::string::npos) << text;
  EXPECT_NE(validate::report_json(report).find("\"reference_fault\": \"step 2: "), std::string::npos);
}

TEST(Divergence, WhatARankThrowsIsReportedAndNotADivergence) {
  auto options = composition({1, 2, 1});
  options.hooks.after_build = [](train::Session& session) {
    if (session.platform().world().rank == 1) throw std::runtime_error("out of paper");
  };
  EXPECT_THROW(validate::find_divergence(options), comm::RankFailure);
}

}  // namespace
}  // namespace titan
