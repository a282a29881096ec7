#include "runtime/mesh/device_mesh.h"

#include <ATen/ops/full.h>
#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include "runtime/comm/comm_error.h"
#include "runtime/platform/rank_threads.h"

namespace titan::mesh {
namespace {

/// Axes of a 2 x 3 mesh (dp x tp, tp innermost) and a pp of one, as `rank` sees them.
std::vector<std::pair<std::string, std::vector<int>>> axes_of(int rank) {
  const int row = rank / 3 * 3, column = rank % 3;
  return {{"pp", {rank}}, {"dp", {column, column + 3}}, {"tp", {row, row + 1, row + 2}}};
}

TEST(DeviceMesh, ConnectsEachAxis) {
  platform::run_rank_threads(6, [](platform::Platform& platform) {
    const int rank = platform.world().rank;
    const DeviceMesh mesh(platform, axes_of(rank));
    EXPECT_EQ(mesh.size("pp"), 1);
    EXPECT_EQ(mesh.size("dp"), 2);
    EXPECT_EQ(mesh.size("tp"), 3);
    EXPECT_EQ(mesh.rank("dp"), rank / 3);
    EXPECT_EQ(mesh.rank("tp"), rank % 3);
    for (const char* axis : {"pp", "dp", "tp"}) {
      int expected = 0;
      for (const auto& [name, ranks] : axes_of(rank)) {
        for (const int member : ranks) expected += name == axis ? member : 0;
      }
      const at::Tensor tensor = at::full({1}, rank);
      mesh.get(axis).all_reduce(tensor, comm::ReduceOp::sum, {}).wait({});
      EXPECT_EQ(tensor.item().toInt(), expected) << axis;
    }
  });
}

TEST(DeviceMesh, NamesTheKnownAxesWhenAskedForAnother) {
  platform::run_rank_threads(1, [](platform::Platform& platform) {
    const DeviceMesh mesh(platform, {{"dp", {0}}, {"tp", {0}}});
    EXPECT_TRUE(mesh.has("dp"));
    EXPECT_FALSE(mesh.has("ep"));
    try {
      mesh.get("ep");
      FAIL() << "no error";
    } catch (const c10::Error& error) {
      EXPECT_STREQ(error.what_without_backtrace(), "DeviceMesh: unknown axis: axis=ep known=[dp, tp]");
    }
  });
}

TEST(DeviceMesh, RefusesTwoAxesOfOneName) {
  platform::run_rank_threads(1, [](platform::Platform& platform) {
    EXPECT_THROW(DeviceMesh(platform, {{"dp", {0}}, {"dp", {0}}}), c10::Error);
  });
}

TEST(DeviceMesh, AbortsEveryAxis) {
  platform::run_rank_threads(1, [](platform::Platform& platform) {
    DeviceMesh mesh(platform, {{"dp", {0}}, {"tp", {0}}});
    mesh.abort("stop");
    EXPECT_THROW(mesh.get("dp").barrier(), comm::CommError);
    EXPECT_THROW(mesh.get("tp").barrier(), comm::CommError);
  });
}

}  // namespace
}  // namespace titan::mesh
