// Sharded, replicated and hybrid units against one rank, in float64, with sizes that no rank count divides.
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "runtime/comm/solo_communicator.h"
#include "runtime/parallel/fsdp/fsdp_unit.h"
#include "runtime/platform/cpu_platform.h"
#include "runtime/platform/rank_threads.h"
#include "tests/support/toy_units.h"

namespace titan {
namespace {

constexpr int64_t kGlobalRows = 1680;  // divisible by 1..8 and by twice that

struct Layout {
  int replicate = 1;
  int shard = 1;
  bool reshard = true;
  int accumulation = 1;
  int num_blocks = 3;
  int blocks_per_unit = 1;
  unit::DtypePolicy dtypes = unit::DtypePolicy::uniform(at::kDouble);
};

struct Result {
  double loss = 0;
  std::map<std::string, at::Tensor> gradients;  // whole parameters
};

std::vector<int> ranks_along(int first, int stride, int count) {
  std::vector<int> ranks;
  for (int i = 0; i < count; ++i) ranks.push_back(first + i * stride);
  return ranks;
}

std::unique_ptr<unit::UnitRunner> make_runner(platform::Platform& platform, parallel::FsdpGroup& group, bool reshard,
                                              int num_blocks = 3, int blocks_per_unit = 1) {
  auto runner = std::make_unique<unit::UnitRunner>(
      platform, test::shard_toy_units(test::make_toy_units({.num_blocks = num_blocks}), group, reshard,
                                      static_cast<size_t>(blocks_per_unit)));
  test::fill_shards(*runner);
  return runner;
}

unit::Microbatch slice(const unit::Microbatch& whole, int64_t begin, int64_t count) {
  return {.inputs = {whole.inputs[0].narrow(0, begin, count)}, .targets = {whole.targets[0].narrow(0, begin, count)}};
}

// Gathers a shard's gradient from the ranks that hold its parts.
at::Tensor whole_gradient(const unit::LocalShard& shard, comm::Communicator& comm, const platform::Stream& stream) {
  const auto& shape = shard.spec.global_shape;
  const int64_t chunk = mesh::chunk_rows(shape[0], comm.size());
  auto padded_shape = shape;
  padded_shape[0] = chunk;
  auto padded = at::zeros(padded_shape, at::kDouble);
  if (shard.grad.numel() > 0) padded.narrow(0, 0, shard.grad.size(0)).copy_(shard.grad);
  padded_shape[0] = chunk * comm.size();
  auto full = at::empty(padded_shape, at::kDouble);
  comm.all_gather(padded, full, stream).wait(stream);
  return full.narrow(0, 0, shape[0]).clone();
}

Result train_once(const Layout& layout) {
  const int world = layout.replicate * layout.shard;
  Result result;
  platform::run_rank_threads(world, [&](platform::Platform& platform) {
    const int rank = platform.world().rank;
    const auto shard =
        platform.make_communicator(ranks_along(rank / layout.shard * layout.shard, 1, layout.shard), "fsdp");
    const auto replicate =
        platform.make_communicator(ranks_along(rank % layout.shard, layout.shard, layout.replicate), "dp_replicate");
    parallel::FsdpGroup group{.platform = platform, .shard = *shard, .replicate = *replicate, .dtypes = layout.dtypes};
    auto runner = make_runner(platform, group, layout.reshard, layout.num_blocks, layout.blocks_per_unit);
    const auto batch = test::toy_microbatch({}, kGlobalRows, 5, at::kDouble);
    const int64_t local = kGlobalRows / world, micro = local / layout.accumulation;
    auto loss = at::zeros({}, at::kDouble);
    for (int m = 0; m < layout.accumulation; ++m) {
      unit::Flight flight;
      loss += runner->forward(slice(batch, rank * local + m * micro, micro), flight)[0];
      runner->backward(std::move(flight), {at::full({}, 1.0 / kGlobalRows, at::kDouble)}, m + 1 == layout.accumulation);
    }
    runner->finish_gradients();
    const auto stream = platform.stream(platform::StreamRole::compute);
    shard->all_reduce(loss, comm::ReduceOp::sum, stream).wait(stream);
    replicate->all_reduce(loss, comm::ReduceOp::sum, stream).wait(stream);
    for (const auto* one : runner->shards()) {
      const auto gradient = whole_gradient(*one, *shard, stream);
      if (rank == world - 1) result.gradients[one->name] = gradient;
    }
    if (rank == world - 1) result.loss = loss.item<double>();
  });
  return result;
}

TEST(Fsdp, EveryLayoutGivesTheOneRankGradients) {
  const Result expected = train_once({});
  for (int replicate = 1; replicate <= 8; ++replicate) {
    for (int shard = 1; replicate * shard <= 8; ++shard) {
      for (const bool reshard : {true, false}) {
        for (const int accumulation : {1, 2}) {
          const Result actual = train_once({replicate, shard, reshard, accumulation});
          EXPECT_NEAR(actual.loss / expected.loss, 1.0, 1e-12);
          for (const auto& [name, gradient] : expected.gradients) {
            const double error = (actual.gradients.at(name) - gradient).norm().item<double>();
            EXPECT_LE(error, 1e-12 * gradient.norm().item<double>())
                << name << " replicate=" << replicate << " shard=" << shard << " reshard=" << reshard
                << " accumulation=" << accumulation;
          }
        }
      }
    }
  }
}

// Each element's gradient is the same sum in the same order: not one bit may differ. 5 blocks of which 2 or 3 are
// together leave a shorter last one; 9 are all.
TEST(Fsdp, BlocksThatAreOneGiveTheGradientsOfBlocksByThemselves) {
  for (const auto& [replicate, shard] : {std::pair(1, 1), std::pair(1, 3), std::pair(3, 1), std::pair(2, 2)}) {
    for (const bool reshard : {true, false}) {
      for (const int accumulation : {1, 2}) {
        Layout layout{replicate, shard, reshard, accumulation, /*num_blocks=*/5};
        const Result expected = train_once(layout);
        for (const int together : {2, 3, 5, 9}) {
          layout.blocks_per_unit = together;
          const Result actual = train_once(layout);
          EXPECT_EQ(actual.loss, expected.loss);
          ASSERT_EQ(actual.gradients.size(), expected.gradients.size());
          for (const auto& [name, gradient] : expected.gradients) {
            EXPECT_TRUE(at::equal(actual.gradients.at(name), gradient))
                << name << " replicate=" << replicate << " shard=" << shard << " reshard=" << reshard
                << " accumulation=" << accumulation << " together=" << together;
          }
        }
      }
    }
  }
}

TEST(Fsdp, TheOnlyUnitOfAStageKeepsTheGradientsOfEveryMicrobatch) {
  const Result expected = train_once({.num_blocks = 0});
  for (const auto& layout : {Layout{1, 3, true, 4, 0}, Layout{3, 1, true, 4, 0}, Layout{2, 2, true, 4, 0}}) {
    const Result actual = train_once(layout);
    const auto& gradient = expected.gradients.at("embed.weight");
    EXPECT_LE((actual.gradients.at("embed.weight") - gradient).norm().item<double>(),
              1e-12 * gradient.norm().item<double>());
  }
}

TEST(Fsdp, ARankWithoutRowsSendsZeros) {
  platform::CpuPlatform platform(platform::World{.rank = 63, .size = 64}, nullptr);
  comm::FakeCommunicator shard(63, 64, "fsdp");
  comm::SoloCommunicator replicate("dp_replicate");
  parallel::FsdpGroup group{
      .platform = platform, .shard = shard, .replicate = replicate, .dtypes = unit::DtypePolicy::uniform(at::kDouble)};
  auto runner = make_runner(platform, group, true);
  // Memory that the gather buffer may get back from the allocator holds NaN.
  for (int64_t numel = 1; numel < 4096; numel *= 2) at::full({numel}, std::nan(""), at::kDouble);
  runner->units()[1].sharding->finish_unshard();
  // The fake world repeats this rank's part, 7 rows over 64 ranks leave rank 63 none: all padding.
  EXPECT_TRUE(runner->units()[1].unit->parameters()[0]->value.detach().eq(0.0).all().item<bool>());
}

TEST(Fsdp, ReshardFreesTheUnshardedValuesAndASecondUseRefillsThem) {
  platform::run_rank_threads(2, [](platform::Platform& platform) {
    const auto shard = platform.make_communicator({0, 1}, "fsdp");
    const auto replicate = platform.make_communicator({platform.world().rank}, "dp_replicate");
    parallel::FsdpGroup group{.platform = platform,
                              .shard = *shard,
                              .replicate = *replicate,
                              .dtypes = unit::DtypePolicy::uniform(at::kDouble)};
    auto runner = make_runner(platform, group, true);
    const auto& block = runner->units()[1];
    const nn::Parameter& up = *block.unit->parameters()[0];
    EXPECT_EQ(up.value.storage().nbytes(), 0u);
    block.sharding->begin_unshard();
    block.sharding->finish_unshard();
    // 7 rows of 5 in two chunks of 4 rows: 8 padded rows of float64.
    EXPECT_EQ(up.value.storage().nbytes(), 8u * 5u * 8u);
    EXPECT_TRUE(up.value.detach().equal(test::toy_values("blocks.0.up", {7, 5})));
    block.sharding->reshard();
    EXPECT_EQ(up.value.storage().nbytes(), 0u);
    block.sharding->finish_unshard();
    EXPECT_TRUE(up.value.detach().equal(test::toy_values("blocks.0.up", {7, 5})));
    block.sharding->reshard();
  });
}

TEST(Fsdp, GathersInComputePrecisionAndReducesInFloat32) {
  platform::run_rank_threads(2, [](platform::Platform& platform) {
    const auto shard = platform.make_communicator({0, 1}, "fsdp");
    const auto replicate = platform.make_communicator({platform.world().rank}, "dp_replicate");
    parallel::FsdpGroup group{.platform = platform, .shard = *shard, .replicate = *replicate, .dtypes = {}};
    auto runner = make_runner(platform, group, true);
    const auto& block = runner->units()[1];
    block.sharding->finish_unshard();
    const nn::Parameter& up = *block.unit->parameters()[0];
    EXPECT_EQ(up.value.scalar_type(), at::kBFloat16);
    EXPECT_TRUE(up.value.detach().equal(test::toy_values("blocks.0.up", {7, 5}).to(at::kFloat).to(at::kBFloat16)));
    // 2^-9 is lost when it is added to 1 in bfloat16 (8 significant bits) but not in float32: 1 + 2^-9 must arrive.
    for (nn::Parameter* parameter : block.unit->parameters()) {
      const double mine = platform.world().rank == 0 ? 1.0 : 0x1p-9;
      parameter->grad = at::full(parameter->spec.box.size, mine, at::kBFloat16);
    }
    block.sharding->reshard();
    block.sharding->begin_reduce(true);
    block.sharding->finish_reduce();
    const auto& gradient = block.sharding->shards()[0]->grad;
    EXPECT_EQ(gradient.scalar_type(), at::kFloat);
    EXPECT_TRUE(gradient.eq(1.0 + 0x1p-9).all().item<bool>());
  });
}

TEST(Fsdp, BlocksThatAreOneAreGatheredAndFreedTogetherUnderTheirOwnNames) {
  platform::run_rank_threads(2, [](platform::Platform& platform) {
    const auto shard = platform.make_communicator({0, 1}, "fsdp");
    const auto replicate = platform.make_communicator({platform.world().rank}, "dp_replicate");
    parallel::FsdpGroup group{.platform = platform,
                              .shard = *shard,
                              .replicate = *replicate,
                              .dtypes = unit::DtypePolicy::uniform(at::kDouble)};
    const auto alone = make_runner(platform, group, true, 3);
    const auto runner = make_runner(platform, group, true, 3, 2);
    const auto value = [&](size_t unit) { return runner->units()[unit].unit->parameters()[0]->value; };
    EXPECT_EQ(runner->units()[1].sharding, runner->units()[2].sharding);
    EXPECT_NE(runner->units()[2].sharding, runner->units()[3].sharding);
    runner->units()[1].sharding->finish_unshard();
    EXPECT_TRUE(value(1).detach().equal(test::toy_values("blocks.0.up", {7, 5})));
    EXPECT_TRUE(value(2).detach().equal(test::toy_values("blocks.1.up", {7, 5})));
    EXPECT_EQ(value(3).storage().nbytes(), 0u);
    runner->units()[2].sharding->reshard();
    EXPECT_EQ(value(1).storage().nbytes() + value(2).storage().nbytes(), 0u);
    const auto expected = alone->shards(), actual = runner->shards();
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) {
      EXPECT_EQ(actual[i]->name, expected[i]->name);
      EXPECT_EQ(actual[i]->spec.box.offset, expected[i]->spec.box.offset);
      EXPECT_EQ(actual[i]->spec.box.size, expected[i]->spec.box.size);
    }
    for (size_t u = 0; u < runner->units().size(); ++u) {
      const auto own = unit::shards_of(runner->units(), u);
      const auto parameters = runner->units()[u].unit->parameters();
      ASSERT_EQ(own.size(), parameters.size());
      for (size_t i = 0; i < own.size(); ++i) EXPECT_EQ(own[i]->name, parameters[i]->name);
    }
  });
}

constexpr unit::DtypePolicy kReduceInBFloat16 = {
    .storage = at::kFloat, .compute = at::kFloat, .reduce = at::kBFloat16, .accumulate = at::kFloat};

// What a sum over ranks in bfloat16 is here: each part is rounded on its way out, and their sum once.
at::Tensor rounded(const at::Tensor& tensor) { return tensor.to(at::kBFloat16).to(at::kFloat); }

at::Tensor part_of_rank(const nn::Parameter& parameter, int rank, int microbatch) {
  const auto name = parameter.name + std::to_string(rank) + "/" + std::to_string(microbatch);
  return test::toy_values(name, parameter.spec.box.size).to(at::kFloat);
}

/// The sum over ranks and microbatches as the layout should round it: per microbatch over the ranks that shard, in
/// float32 over microbatches, then over replicas.
at::Tensor expected_sum(const nn::Parameter& parameter, const Layout& layout) {
  at::Tensor total = at::zeros(parameter.spec.box.size, at::kFloat);
  for (int replica = 0; replica < layout.replicate; ++replica) {
    at::Tensor sum = at::zeros_like(total);
    for (int m = 0; m < layout.accumulation; ++m) {
      at::Tensor over_shards = at::zeros_like(total);
      for (int s = 0; s < layout.shard; ++s) {
        over_shards += rounded(part_of_rank(parameter, replica * layout.shard + s, m));
      }
      sum += rounded(over_shards);
    }
    total += layout.replicate > 1 ? rounded(sum) : sum;
  }
  return layout.replicate > 1 ? rounded(total) : total;
}

TEST(Fsdp, ReducesInBFloat16WithOneRoundingForEachJourney) {
  for (const auto& layout : {Layout{1, 1}, Layout{1, 1, true, 2}, Layout{1, 3}, Layout{1, 3, true, 2}, Layout{3, 1},
                             Layout{3, 1, true, 2}, Layout{2, 2}, Layout{2, 2, true, 2}}) {
    platform::run_rank_threads(layout.replicate * layout.shard, [&](platform::Platform& platform) {
      const int rank = platform.world().rank;
      const auto shard =
          platform.make_communicator(ranks_along(rank / layout.shard * layout.shard, 1, layout.shard), "fsdp");
      const auto replicate =
          platform.make_communicator(ranks_along(rank % layout.shard, layout.shard, layout.replicate), "dp_replicate");
      parallel::FsdpGroup group{
          .platform = platform, .shard = *shard, .replicate = *replicate, .dtypes = kReduceInBFloat16};
      const auto runner = make_runner(platform, group, true, 1);
      const auto& block = runner->units()[1];
      for (int m = 0; m < layout.accumulation; ++m) {
        for (nn::Parameter* parameter : block.unit->parameters()) parameter->grad = part_of_rank(*parameter, rank, m);
        block.sharding->begin_reduce(m + 1 == layout.accumulation);
      }
      block.sharding->finish_reduce();
      const auto shards = block.sharding->shards();
      for (size_t i = 0; i < shards.size(); ++i) {
        const auto& box = shards[i]->spec.box;
        const auto whole = expected_sum(*block.unit->parameters()[i], layout);
        EXPECT_EQ(shards[i]->grad.scalar_type(), at::kFloat);
        EXPECT_TRUE(at::equal(shards[i]->grad, whole.narrow(0, box.offset[0], box.size[0])))
            << shards[i]->name << " replicate=" << layout.replicate << " shard=" << layout.shard
            << " accumulation=" << layout.accumulation;
      }
    });
  }
}

}  // namespace
}  // namespace titan
