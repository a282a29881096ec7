#include <ATen/ops/randn.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "runtime/optim/clip_grad_norm.h"
#include "tests/runtime/optim/fake_ranks.h"
#include "tests/runtime/optim/shards.h"
#include "tests/support/run_ranks.h"

namespace titan::optim {
namespace {

struct Parameter {
  std::string name;
  std::vector<std::string> axes;  // cut over these, on dim 0
  at::Tensor grad;
};

/// This rank's rows of every parameter.
ShardSet local_shards(const std::vector<Parameter>& parameters,
                      const std::map<std::string, std::unique_ptr<comm::Communicator>>& axes) {
  ShardSet set;
  for (const Parameter& parameter : parameters) {
    mesh::ShardSpec spec = mesh::whole(parameter.grad.sizes().vec());
    for (const std::string& axis : parameter.axes) {
      spec = mesh::shard(spec, 0, axes.at(axis)->size(), axes.at(axis)->rank());
    }
    const at::Tensor grad = parameter.grad.narrow(0, spec.box.offset[0], spec.box.size[0]).clone();
    set.add({parameter.name, spec, parameter.axes, at::zeros_like(grad), grad});
  }
  return set;
}

TEST(ClipOnThreads, GivesTheOneRankNormAndGradientsWhateverTheMesh) {
  const std::vector<Parameter> parameters{
      {"wq", {"fsdp", "tp"}, at::randn({24, 8})}, {"norm", {"fsdp"}, at::randn({7})}, {"scale", {}, at::randn({3})}};
  FakePlatform solo;
  ShardSet whole;
  for (const Parameter& p : parameters) whole.add(whole_shard(p.name, at::zeros_like(p.grad), p.grad.clone()));
  const double expected = clip_grad_norm(whole.list, 1.0, {}, solo).item().toDouble();

  for (const auto& [fsdp, tp] : {std::pair{2, 1}, {1, 2}, {2, 2}, {3, 2}, {4, 2}, {7, 1}, {8, 1}}) {
    test::run_ranks_in_world(fsdp * tp, [&, fsdp = fsdp, tp = tp](int rank, comm::ThreadWorld& world) {
      const int fsdp_rank = rank / tp, tp_rank = rank % tp;
      std::vector<int> fsdp_ranks, tp_ranks;
      for (int i = 0; i < fsdp; ++i) fsdp_ranks.push_back(i * tp + tp_rank);
      for (int i = 0; i < tp; ++i) tp_ranks.push_back(fsdp_rank * tp + i);
      std::map<std::string, std::unique_ptr<comm::Communicator>> axes;
      axes["fsdp"] = world.make_communicator(rank, fsdp_ranks, "fsdp");
      axes["tp"] = world.make_communicator(rank, tp_ranks, "tp");
      ShardSet set = local_shards(parameters, axes);
      FakePlatform platform({rank, fsdp * tp, rank});
      const NormMesh mesh{[&](const std::string& axis) -> comm::Communicator& { return *axes.at(axis); }, {}};
      EXPECT_NEAR(clip_grad_norm(set.list, 1.0, mesh, platform).item().toDouble(), expected, 1e-12 * expected);
      for (size_t i = 0; i < set.list.size(); ++i) {
        const mesh::Box& box = set.list[i]->spec.box;
        EXPECT_TRUE(set.list[i]->grad.equal(whole.list[i]->grad.narrow(0, box.offset[0], box.size[0])));
      }
    });
  }
}

}  // namespace
}  // namespace titan::optim
