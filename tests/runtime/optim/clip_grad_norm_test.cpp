#include "runtime/optim/clip_grad_norm.h"

#include <ATen/Parallel.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "runtime/optim/sum_of_squares.h"
#include "tests/runtime/optim/fake_ranks.h"
#include "tests/runtime/optim/shards.h"

namespace titan::optim {
namespace {

NormMesh no_mesh() {
  return {[](const std::string& axis) -> comm::Communicator& { throw std::logic_error("no axis " + axis); }, {}};
}

ShardSet with_grads(const std::vector<at::Tensor>& grads) {
  ShardSet set;
  for (const at::Tensor& grad : grads)
    set.add(whole_shard("w" + std::to_string(set.list.size()), at::zeros_like(grad), grad));
  return set;
}

TEST(ClipGradNorm, ScalesByMaxNormOverNorm) {
  // Norm of (3, 4) and (12) is sqrt(9 + 16 + 144) = 13; the factor is 1 / (13 + 1e-6).
  ShardSet set = with_grads({at::tensor({3.0, 4.0}, at::kDouble), at::tensor({12.0}, at::kDouble)});
  FakePlatform platform;
  const at::Tensor norm = clip_grad_norm(set.list, 1.0, no_mesh(), platform);
  EXPECT_EQ(norm.dim(), 0);
  EXPECT_EQ(norm.scalar_type(), at::kDouble);
  EXPECT_DOUBLE_EQ(norm.item().toDouble(), 13.0);
  EXPECT_DOUBLE_EQ(set.list[0]->grad[0].item().toDouble(), 3.0 / (13.0 + 1e-6));
  EXPECT_DOUBLE_EQ(set.list[1]->grad[0].item().toDouble(), 12.0 / (13.0 + 1e-6));
}

TEST(ClipGradNorm, LeavesSmallGradientsBitwiseAlone) {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble, at::kBFloat16}) {
    ShardSet set = with_grads({at::randn({100}).mul(0.01).to(dtype)});
    const at::Tensor before = set.list[0]->grad.clone();
    FakePlatform platform;
    EXPECT_LT(clip_grad_norm(set.list, 1.0, no_mesh(), platform).item().toDouble(), 0.5);
    EXPECT_TRUE(set.list[0]->grad.equal(before));
  }
}

TEST(ClipGradNorm, CountsShardsWithoutGradientAsZero) {
  ShardSet set = with_grads({at::tensor({3.0, 4.0}), at::zeros({2}), at::zeros({0})});
  set.list[1]->grad.reset();
  FakePlatform platform;
  EXPECT_DOUBLE_EQ(clip_grad_norm(set.list, 10.0, no_mesh(), platform).item().toDouble(), 5.0);
  EXPECT_FALSE(set.list[1]->grad.defined());
  EXPECT_EQ(clip_grad_norm({}, 1.0, no_mesh(), platform).item().toDouble(), 0.0);
}

TEST(ClipGradNorm, SumsLargeFloat32GradientsWithoutOverflow) {
  // 1e25 squared is beyond float32, not beyond float64: sqrt(4) * 1e25.
  ShardSet set = with_grads({at::full({4}, 1e25, at::kFloat)});
  FakePlatform platform;
  EXPECT_NEAR(clip_grad_norm(set.list, 1.0, no_mesh(), platform).item().toDouble(), 2e25, 1e19);
  EXPECT_NEAR(set.list[0]->grad[0].item().toDouble(), 0.5, 1e-6);
}

TEST(ClipGradNorm, CarriesNanIntoTheNorm) {
  ShardSet set = with_grads({at::tensor({1.0, std::nan("")})});
  FakePlatform platform;
  EXPECT_TRUE(std::isnan(clip_grad_norm(set.list, 1.0, no_mesh(), platform).item().toDouble()));
}

TEST(SumOfSquares, DoesNotDependOnTheNumberOfThreads) {
  const at::Tensor x = at::randn({1000003});
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const double one = sum_of_squares({x}, at::kCPU).item().toDouble();
  at::set_num_threads(3);
  const double three = sum_of_squares({x}, at::kCPU).item().toDouble();
  at::set_num_threads(before);
  EXPECT_EQ(one, three);
}

/// A parameter cut on dim 0 over some axes of a mesh, by rank in each.
struct Cut {
  std::string name;
  std::vector<std::string> axes;
  at::Tensor whole_grad;
};

class OnMesh : public ::testing::TestWithParam<std::pair<int, int>> {};

TEST_P(OnMesh, GivesTheOneRankNormOnEveryRank) {
  const auto [fsdp_size, tp_size] = GetParam();
  const std::vector<Cut> parameters{
      {"wq", {"fsdp", "tp"}, at::randn({24, 8})},
      {"norm", {"fsdp"}, at::randn({7})},   // uneven and, on wide meshes, empty
      {"bias", {"tp"}, at::randn({5, 3})},  // not under fsdp
      {"scale", {}, at::randn({3})},        // held whole by every rank
  };
  std::vector<at::Tensor> grads;
  for (const Cut& parameter : parameters) grads.push_back(parameter.whole_grad.clone());
  ShardSet one_rank = with_grads(grads);
  FakePlatform solo;
  const double expected = clip_grad_norm(one_rank.list, 1.0, no_mesh(), solo).item().toDouble();

  std::vector<std::shared_ptr<Meeting>> fsdp_groups, tp_groups;
  for (int i = 0; i < tp_size; ++i) fsdp_groups.push_back(std::make_shared<Meeting>(fsdp_size));
  for (int i = 0; i < fsdp_size; ++i) tp_groups.push_back(std::make_shared<Meeting>(tp_size));
  run_on_threads(fsdp_size * tp_size, [&, fsdp_size = fsdp_size, tp_size = tp_size](int rank) {
    const int tp_rank = rank % tp_size, fsdp_rank = rank / tp_size;
    std::map<std::string, MeetingCommunicator> axes;
    axes.try_emplace("fsdp", fsdp_groups[tp_rank], fsdp_rank, "fsdp");
    axes.try_emplace("tp", tp_groups[fsdp_rank], tp_rank, "tp");
    const NormMesh mesh{[&](const std::string& axis) -> comm::Communicator& { return axes.at(axis); }, {}};
    ShardSet set;
    for (const Cut& parameter : parameters) {
      mesh::ShardSpec spec = mesh::whole(parameter.whole_grad.sizes().vec());
      for (const std::string& axis : parameter.axes) {
        spec = mesh::shard(spec, 0, axes.at(axis).size(), axes.at(axis).rank());
      }
      const at::Tensor grad = parameter.whole_grad.narrow(0, spec.box.offset[0], spec.box.size[0]).clone();
      set.add({parameter.name, spec, parameter.axes, at::zeros_like(grad), grad});
    }
    FakePlatform platform({rank, fsdp_size * tp_size, rank});
    const double norm = clip_grad_norm(set.list, 1.0, mesh, platform).item().toDouble();
    EXPECT_NEAR(norm, expected, 1e-12 * expected);
    EXPECT_EQ(axes.at("fsdp").num_calls, 1);  // whatever the number of parameters and sets
    EXPECT_EQ(axes.at("tp").num_calls, 1);
    for (size_t i = 0; i < set.list.size(); ++i) {
      const mesh::Box& box = set.list[i]->spec.box;
      const at::Tensor mine = one_rank.list[i]->grad.narrow(0, box.offset[0], box.size[0]);
      EXPECT_TRUE(set.list[i]->grad.allclose(mine, 1e-7, 0.0));
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Meshes, OnMesh,
                         ::testing::Values(std::pair{1, 1}, std::pair{2, 1}, std::pair{1, 2}, std::pair{2, 2},
                                           std::pair{3, 2}, std::pair{8, 1}));

TEST(ClipGradNorm, AddsUpModelParts) {
  // Stages with norms 3 and 4 make 5.
  const auto stages = std::make_shared<Meeting>(2);
  run_on_threads(2, [&](int rank) {
    MeetingCommunicator pp(stages, rank, "pp");
    ShardSet set = with_grads({at::tensor({rank == 0 ? 3.0 : 4.0})});
    FakePlatform platform({rank, 2, rank});
    NormMesh mesh = no_mesh();
    mesh.model_parts = {&pp};
    EXPECT_DOUBLE_EQ(clip_grad_norm(set.list, 1.0, mesh, platform).item().toDouble(), 5.0);
  });
}

}  // namespace
}  // namespace titan::optim
