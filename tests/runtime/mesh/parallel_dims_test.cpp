#include "runtime/mesh/parallel_dims.h"

#include <gtest/gtest.h>

#include <set>

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"

namespace titan::mesh {
namespace {

constexpr Axis kAxes[] = {Axis::kPp, Axis::kBatch, Axis::kLoss,  Axis::kDpReplicate, Axis::kFsdp, Axis::kCp,
                          Axis::kTp, Axis::kEp,    Axis::kEfsdp, Axis::kEtp,         Axis::kWorld};
constexpr View kViews[] = {View::kDataloading, View::kDense, View::kSparse};

/// Every mesh with degrees 1 to 3 of each kind and at most 36 ranks, where the sparse view exists.
std::vector<ParallelDims> small_meshes() {
  std::vector<ParallelDims> meshes;
  for (int code = 0; code < 3 * 3 * 3 * 3 * 3 * 3 * 2; ++code) {
    Degrees degrees;
    int rest = code;
    for (auto member :
         {&Degrees::dp_replicate, &Degrees::dp_shard, &Degrees::cp, &Degrees::tp, &Degrees::pp, &Degrees::ep}) {
      degrees.*member = 1 + rest % 3;
      rest /= 3;
    }
    degrees.etp = rest == 0 ? 1 : degrees.tp;
    const int64_t world = degrees.dp_replicate * degrees.dp_shard * degrees.cp * degrees.tp * degrees.pp;
    const bool sparse = degrees.dp_shard * degrees.cp * degrees.tp % (degrees.ep * degrees.etp) == 0;
    if (world <= 36 && sparse) meshes.emplace_back(degrees, world);
  }
  return meshes;
}

TEST(ParallelDims, CoordinatesAndRanksAreInverseInEveryView) {
  for (const ParallelDims& dims : small_meshes()) {
    dims.check_experts();
    for (View view : kViews) {
      std::set<std::vector<int64_t>> seen;
      for (int64_t rank = 0; rank < dims.world_size(); ++rank) {
        const auto place = dims.coordinates(view, rank);
        ASSERT_EQ(dims.rank_at(view, place), rank);
        seen.insert(place);
      }
      ASSERT_EQ(static_cast<int64_t>(seen.size()), dims.world_size());
    }
  }
}

TEST(ParallelDims, GroupsOfAnAxisPartitionTheWorld) {
  for (const ParallelDims& dims : small_meshes()) {
    for (Axis axis : kAxes) {
      std::set<std::vector<int64_t>> groups;
      for (int64_t rank = 0; rank < dims.world_size(); ++rank) {
        const auto group = dims.ranks_of(axis, rank);
        ASSERT_EQ(group.at(dims.coordinate(axis, rank)), rank);
        groups.insert(group);
      }
      std::set<int64_t> members;
      for (const auto& group : groups) {
        ASSERT_EQ(static_cast<int64_t>(group.size()), dims.size(axis));
        members.insert(group.begin(), group.end());
      }
      ASSERT_EQ(static_cast<int64_t>(groups.size()) * dims.size(axis), dims.world_size()) << name_of(axis);
      ASSERT_EQ(static_cast<int64_t>(members.size()), dims.world_size()) << name_of(axis);
    }
  }
}

TEST(ParallelDims, ViewsAgreeOnTheAxesTheyShare) {
  for (const ParallelDims& dims : small_meshes()) {
    for (int64_t rank = 0; rank < dims.world_size(); ++rank) {
      const int64_t batch = dims.coordinate(Axis::kBatch, rank);
      const int64_t cp = dims.coordinate(Axis::kCp, rank);
      const int64_t shard = batch % dims.degrees().dp_shard;
      ASSERT_EQ(dims.coordinate(Axis::kDpReplicate, rank), batch / dims.degrees().dp_shard);
      ASSERT_EQ(dims.coordinate(Axis::kFsdp, rank), shard * dims.degrees().cp + cp);
      ASSERT_EQ(dims.coordinate(Axis::kLoss, rank), batch * dims.degrees().cp + cp);
      ASSERT_EQ(dims.coordinate(Axis::kWorld, rank), rank);
    }
  }
}

// World 8 = replicate 2 x shard 2 x tp 2; rank = (replicate * 2 + shard) * 2 + tp.
TEST(ParallelDims, NumbersRanksRowMajor) {
  const ParallelDims dims({.dp_replicate = 2, .dp_shard = 2, .tp = 2}, 8);
  EXPECT_EQ(dims.ranks_of(Axis::kTp, 5), (std::vector<int64_t>{4, 5}));
  EXPECT_EQ(dims.ranks_of(Axis::kFsdp, 5), (std::vector<int64_t>{5, 7}));
  EXPECT_EQ(dims.ranks_of(Axis::kDpReplicate, 5), (std::vector<int64_t>{1, 5}));
  EXPECT_EQ(dims.ranks_of(Axis::kBatch, 5), (std::vector<int64_t>{1, 3, 5, 7}));
  EXPECT_EQ(dims.ranks_of({Axis::kDpReplicate, Axis::kFsdp}, 5), (std::vector<int64_t>{1, 3, 5, 7}));
  EXPECT_EQ(dims.coordinates(View::kDense, 5), (std::vector<int64_t>{0, 1, 0, 1}));
  const std::vector<std::pair<Axis, int64_t>> sizes = {
      {Axis::kPp, 1}, {Axis::kBatch, 4}, {Axis::kLoss, 4}, {Axis::kDpReplicate, 2}, {Axis::kFsdp, 2},
      {Axis::kCp, 1}, {Axis::kTp, 2},    {Axis::kEp, 1},   {Axis::kEfsdp, 4},       {Axis::kEtp, 1}};
  for (const auto& [axis, size] : sizes) EXPECT_EQ(dims.size(axis), size) << name_of(axis);
}

// fsdp 4, tp 2, ep 4, etp 1: experts borrow the two tp ranks; efsdp = 4 * 2 / 4 = 2 and ep neighbours are adjacent
// ranks.
TEST(ParallelDims, ExpertsBorrowTensorRanksFirst) {
  const ParallelDims dims({.dp_shard = 4, .tp = 2, .ep = 4}, 8);
  EXPECT_EQ(dims.ranks_of(Axis::kEp, 2), (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(dims.ranks_of(Axis::kEfsdp, 2), (std::vector<int64_t>{2, 6}));
  EXPECT_EQ(dims.ranks_of(Axis::kEtp, 2), (std::vector<int64_t>{2}));
}

TEST(ParallelDims, GivesLeftOverRanksToSharding) {
  EXPECT_EQ(ParallelDims({.dp_replicate = 2, .tp = 2}, 8).degrees().dp_shard, 2);
  EXPECT_EQ(ParallelDims({}, 1).degrees().dp_shard, 1);
}

TEST(ParallelDims, DerivesTheReferencesNumbers) {
  EXPECT_EQ(ParallelDims({.dp_replicate = 2, .dp_shard = 3, .cp = 2}, 12).fsdp_gradient_divide_factor(), 12);
  EXPECT_EQ(ParallelDims({.cp = 2, .tp = 3, .pp = 2}, 12).non_data_parallel_size(), 12);
  EXPECT_EQ(ParallelDims({.cp = 2, .tp = 4}, 8).seq_len_divisor(), 16);
}

TEST(ParallelDims, SaysWhatIsEnabled) {
  EXPECT_FALSE(ParallelDims({}, 1).dp_enabled());
  EXPECT_TRUE(ParallelDims({.dp_replicate = 2}, 2).dp_enabled());
  EXPECT_FALSE(ParallelDims({.dp_replicate = 2}, 2).fsdp_enabled());
  EXPECT_TRUE(ParallelDims({.dp_shard = 1, .cp = 2}, 2).fsdp_enabled());
  const ParallelDims one({}, 1);
  for (Axis axis : kAxes) EXPECT_FALSE(one.active(axis)) << name_of(axis);
  const ParallelDims experts({.dp_shard = 2, .ep = 2}, 2);
  EXPECT_EQ(experts.size(Axis::kEfsdp), 1);
  EXPECT_TRUE(experts.active(Axis::kEfsdp));
}

TEST(ParallelDims, LogsItsShape) {
  const ParallelDims dims({.dp_replicate = 2, .dp_shard = 2, .tp = 2}, 8);
  EXPECT_EQ(dims.building_text(),
            "Building device mesh with parallelism: pp=1, dp_replicate=2, dp_shard=2, cp=1, tp=2, ep=1, etp=1");
  EXPECT_EQ(
      dims.created_text(),
      "Successfully created meshes with active dimensions: ['batch', 'loss', 'dp_replicate', 'fsdp', 'tp', 'efsdp']");
  EXPECT_EQ(ParallelDims({}, 1).created_text(), "Successfully created meshes with active dimensions: []");
}

/// What ParallelDims says of degrees that no mesh can have.
std::string refusal(const Degrees& degrees, int64_t world_size) {
  try {
    ParallelDims(degrees, world_size).check_experts();
  } catch (const config::ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(ParallelDims, RefusesDegreesBelowOne) {
  const std::string below_one = ": Parallelism degree should be >= 1, except for dp_shard, found 0";
  EXPECT_EQ(refusal({.dp_replicate = 0}, 8), "parallelism.data_parallel_replicate_degree" + below_one);
  EXPECT_EQ(refusal({.etp = 0}, 8), "parallelism.expert_tensor_parallel_degree" + below_one);
  EXPECT_EQ(refusal({.dp_shard = 0}, 8), "parallelism.data_parallel_shard_degree: dp_shard must -1 or >=1, found 0");
}

TEST(ParallelDims, RefusesAProductThatIsNotTheWorld) {
  EXPECT_TRUE(refusal({.dp_replicate = 2, .dp_shard = 2}, 8)
                  .starts_with(
                      "parallelism.data_parallel_shard_degree: Invalid parallel dims: dp_replicate(2) * dp_shard(2) * "
                      "cp(1) * tp(1) * pp(1) != WORLD_SIZE(8), with parallelism.data_parallel_replicate_degree = 2, "));
  EXPECT_NE(refusal({.tp = 16}, 8).find("dp_shard(0)"), std::string::npos);
  const int64_t huge = int64_t{1} << 62;
  EXPECT_NE(refusal({.dp_replicate = huge, .dp_shard = 2, .tp = huge}, 8), "");
}

TEST(ParallelDims, AcceptsExpertsThatDoNotDivideUntilTheyAreUsed) {
  const ParallelDims dims({.dp_shard = 4, .ep = 3}, 4);
  EXPECT_EQ(dims.coordinates(View::kDense, 3), (std::vector<int64_t>{0, 0, 3, 0}));
  EXPECT_NE(refusal({.dp_shard = 4, .ep = 3}, 4), "");
  EXPECT_NE(refusal({.dp_shard = 4, .ep = int64_t{1} << 62}, 4), "");
}

TEST(ParallelDims, RefusesOtherExpertTensorDegrees) {
  EXPECT_NE(refusal({.tp = 4, .ep = 2, .etp = 2}, 8), "");
  EXPECT_EQ(refusal({.tp = 4, .ep = 2, .etp = 4}, 8), "");
  EXPECT_EQ(refusal({.tp = 8, .ep = 1, .etp = 8}, 8), "");
}

TEST(ParallelDims, RefusesUnknownAxesAndRanks) {
  const ParallelDims dims({.dp_shard = 4, .tp = 2}, 8);
  EXPECT_EQ(axis_named("efsdp"), Axis::kEfsdp);
  EXPECT_THROW(axis_named("dp"), config::ContractError);
  EXPECT_THROW(dims.ranks_of({Axis::kBatch, Axis::kFsdp}, 0), config::ContractError);
  EXPECT_THROW(dims.ranks_of({Axis::kTp, Axis::kFsdp}, 0), config::ContractError);
  EXPECT_THROW(dims.coordinate(Axis::kTp, 8), config::ContractError);
  EXPECT_THROW(dims.rank_at(View::kDense, {0, 0, 4, 0}), config::ContractError);
  EXPECT_THROW(dims.rank_at(View::kDense, {0, 0}), config::ContractError);
  EXPECT_THROW(ParallelDims({}, 0), config::ContractError);
}

}  // namespace
}  // namespace titan::mesh
