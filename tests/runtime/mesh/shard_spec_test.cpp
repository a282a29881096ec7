#include "runtime/mesh/shard_spec.h"

#include <gtest/gtest.h>

#include "runtime/config/check.h"

namespace titan::mesh {
namespace {

TEST(ShardSpec, ShardsTileTheWholeForEveryNumberOfRowsAndShards) {
  for (int64_t rows = 0; rows <= 12; ++rows) {
    for (int shards = 1; shards <= 8; ++shards) {
      int64_t next = 0;
      for (int index = 0; index < shards; ++index) {
        const ShardSpec part = shard(whole({rows, 3}), 0, shards, index);
        EXPECT_EQ(part.box.offset[0], next);
        EXPECT_LE(part.box.size[0], chunk_rows(rows, shards));
        next += part.box.size[0];
      }
      EXPECT_EQ(next, rows);
    }
  }
}

// 10 rows in chunks of ceil(10 / 4) = 3: 3, 3, 3, 1. Sharding the second again by 2: 2 and 1.
TEST(ShardSpec, ShardsAShardWithinItsBox) {
  const ShardSpec second = shard(whole({10, 4}), 0, 4, 1);
  EXPECT_EQ(second.box, (Box{{3, 0}, {3, 4}}));
  EXPECT_EQ(shard(second, 0, 2, 1).box, (Box{{5, 0}, {1, 4}}));
  EXPECT_EQ(shard(second, 1, 2, 1).box, (Box{{3, 2}, {3, 2}}));
  EXPECT_FALSE(second.is_whole());
  EXPECT_EQ(second.box.numel(), 12);
  EXPECT_EQ(second.global_numel(), 40);
}

TEST(ShardSpec, RefusesADimOrIndexThatDoesNotExist) {
  EXPECT_THROW(shard(whole({4}), 1, 2, 0), config::ContractError);
  EXPECT_THROW(shard(whole({4}), 0, 2, 2), config::ContractError);
}

}  // namespace
}  // namespace titan::mesh
