#include "runtime/optim/non_finite.h"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/runtime/optim/fake_ranks.h"
#include "tests/runtime/optim/shards.h"

namespace titan::optim {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

/// Parameters a, b, c; those named in `bad` have `poison` in their gradient.
ShardSet shards(const std::string& bad, double poison) {
  ShardSet set;
  for (const char* name : {"a", "b", "c"}) {
    set.add(whole_shard(name, at::zeros({4}), at::zeros({4})));
    if (bad.find(name) != std::string::npos) set.list.back()->grad[2] = poison;
  }
  return set;
}

TEST(FirstNonFinite, NamesTheFirstInOrder) {
  FakePlatform platform;
  EXPECT_EQ(first_non_finite(shards("cb", kNan).list, {}, platform), "b");
  EXPECT_EQ(first_non_finite(shards("c", -kInf).list, {}, platform), "c");
  EXPECT_EQ(first_non_finite(shards("", kNan).list, {}, platform), std::nullopt);
}

TEST(FirstNonFinite, PassesOverMissingAndEmptyGradients) {
  ShardSet set = shards("c", kInf);
  set.list[0]->grad.reset();
  set.list[1]->grad = at::zeros({0});
  FakePlatform platform;
  EXPECT_EQ(first_non_finite(set.list, {}, platform), "c");
}

TEST(FirstNonFinite, FindsNothingWithoutValues) {
  FakePlatform platform({}, /*has_values=*/false);
  EXPECT_EQ(first_non_finite(shards("a", kNan).list, {}, platform), std::nullopt);
}

TEST(FirstNonFinite, IsTheSameOnAllRanksOfAMesh) {
  // Four ranks as 2 x 2. Rank 1 sees c, rank 2 sees b: b comes first.
  const std::vector<std::string> bad{"", "c", "b", ""};
  std::vector<std::shared_ptr<Meeting>> rows(2), columns(2);
  for (auto* groups : {&rows, &columns}) {
    for (auto& group : *groups) group = std::make_shared<Meeting>(2);
  }
  run_on_threads(4, [&](int rank) {
    MeetingCommunicator row(rows[rank / 2], rank % 2, "tp"), column(columns[rank % 2], rank / 2, "fsdp");
    FakePlatform platform({rank, 4, rank});
    EXPECT_EQ(first_non_finite(shards(bad[rank], kNan).list, {&row, &column}, platform), "b");
    EXPECT_EQ(first_non_finite(shards("", kNan).list, {&row, &column}, platform), std::nullopt);
  });
}

TEST(FirstNonFinite, NamesTheLowestRanksParameterWhereStagesDiffer) {
  const auto stages = std::make_shared<Meeting>(2);
  run_on_threads(2, [&](int rank) {
    MeetingCommunicator pp(stages, rank, "pp");
    FakePlatform platform({rank, 2, rank});
    ShardSet set = shards("a", kNan);
    set.list[0]->name = rank == 0 ? "layers.0.wq.weight" : "layers.1.wq.weight";
    EXPECT_EQ(first_non_finite(set.list, {&pp}, platform), "layers.0.wq.weight");
  });
}

TEST(FirstNonFinite, CutsEndlessNames) {
  ShardSet set = shards("a", kNan);
  set.list[0]->name = std::string(300, 'x');
  FakePlatform platform;
  EXPECT_EQ(first_non_finite(set.list, {}, platform), std::string(256, 'x'));
}

}  // namespace
}  // namespace titan::optim
