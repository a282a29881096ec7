#include "runtime/data/shard_deal.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "runtime/config/check.h"

namespace titan::data {
namespace {

TEST(ShardDeal, EveryDocumentOfAPassBelongsToExactlyOneShard) {
  for (const int64_t num_files : {1, 2, 3, 5, 8, 13}) {
    for (int64_t num_shards = 1; num_shards <= 9; ++num_shards) {
      constexpr int64_t kDocumentsPerFile = 11;
      std::map<std::pair<int64_t, int64_t>, int> owners;
      for (int64_t shard = 0; shard < num_shards; ++shard) {
        const ShardDeal part = deal(shard, num_shards, num_files, num_files * kDocumentsPerFile);
        int64_t document = 0;
        for (const int64_t file : part.files) {
          for (int64_t record = 0; record < kDocumentsPerFile; ++record, ++document) {
            if (part.takes(0, document)) ++owners[{file, record}];
          }
        }
      }
      EXPECT_EQ(owners.size(), static_cast<size_t>(num_files * kDocumentsPerFile));
      for (const auto& [place, count] : owners) EXPECT_EQ(count, 1) << num_files << " " << num_shards;
    }
  }
}

TEST(ShardDeal, FilesAreDealtWhereThereAreEnough) {
  EXPECT_EQ(deal(1, 3, 7, 100), (ShardDeal{.files = {1, 4}}));
  EXPECT_EQ(deal(2, 4, 3, 100), (ShardDeal{.files = {0, 1, 2}, .first = 2, .stride = 4}));
}

// 8 shards, 3 documents: starts 0 1 2 0 1 2 0 1. Three shards start at documents 0 and 1, two at document 2.
TEST(ShardDeal, FewDocumentsSpreadTheShardsOverStartsAndOffsets) {
  std::set<std::pair<int64_t, double>> starts;
  for (int64_t shard = 0; shard < 8; ++shard) {
    const ShardDeal part = deal(shard, 8, 1, 3);
    EXPECT_EQ(part.first, shard % 3);
    EXPECT_EQ(part.head_share, shard / 3);
    EXPECT_EQ(part.head_shares, shard % 3 == 2 ? 2 : 3);
    starts.insert({part.first, static_cast<double>(part.head_share) / static_cast<double>(part.head_shares)});
  }
  EXPECT_EQ(starts.size(), 8U);
}

// Shard 4 of 8 over 3 documents reads 1 2 | 0 1 2 …: its first pass is documents 1, 2 and the next epoch's 0.
TEST(ShardDeal, PassOfAShardThatStartsInTheMiddleEndsThere) {
  const ShardDeal part = deal(4, 8, 1, 3);
  EXPECT_FALSE(part.takes(0, 0));
  EXPECT_TRUE(part.takes(0, 1));
  EXPECT_TRUE(part.takes(1, 0));
  EXPECT_EQ(part.pass(0, 2), 0);
  EXPECT_EQ(part.pass(1, 0), 0);
  EXPECT_EQ(part.pass(1, 1), 1);
}

TEST(ShardDeal, RefusesAShardThatDoesNotExistAndAnEmptyDataSet) {
  EXPECT_THROW(deal(3, 3, 1, 5), config::ContractError);
  EXPECT_THROW(deal(-1, 3, 1, 5), config::ContractError);
  EXPECT_THROW(deal(0, 3, 0, 5), config::ContractError);
  EXPECT_THROW(deal(0, 3, 1, 0), config::ContractError);
}

}  // namespace
}  // namespace titan::data
