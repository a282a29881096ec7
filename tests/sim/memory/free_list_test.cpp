#include "sim/memory/free_list.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace titan::memory {
namespace {

using Reference = std::set<std::pair<uint64_t, uint64_t>>;  // size, address

void expect_same_order(const FreeList& list, const Reference& reference) {
  auto at = list.begin();
  for (const auto& [size, address] : reference) {
    ASSERT_FALSE(list.at_end(at));
    EXPECT_EQ(list[at].size, size);
    EXPECT_EQ(list[at].address, address);
    at = list.after(at);
  }
  EXPECT_TRUE(list.at_end(at));
}

void expect_same_fit(const FreeList& list, const Reference& reference, uint64_t size) {
  const auto expected = reference.lower_bound({size, 0});
  const FreeList::Cursor found = list.lower_bound(size);
  const FreeList::Cursor last = list.last_from(size);
  ASSERT_EQ(list.at_end(found), expected == reference.end());
  ASSERT_EQ(list.at_end(last), expected == reference.end());
  if (expected == reference.end()) return;
  EXPECT_EQ(std::make_pair(list[found].size, list[found].address), *expected);
  EXPECT_EQ(std::make_pair(list[last].size, list[last].address), *reference.rbegin());
}

// Sizes of up to 2^x * 512 bytes, x even in [0, 38], so that bins of all kinds are used and some hold many blocks.
TEST(FreeList, OrdersAndFindsAsASortedSet) {
  std::mt19937_64 random(1);
  FreeList list;
  Reference reference;
  for (int i = 0; i < 20000; ++i) {
    const uint64_t size = kMinBlockBytes * (1 + random() % (uint64_t{1} << (random() % 39)));
    if (reference.size() > 200 || (!reference.empty() && random() % 2 == 0)) {
      auto at = reference.lower_bound({size, 0});
      if (at == reference.end()) at = reference.begin();
      list.erase(at->first, at->second);
      reference.erase(at);
    } else {
      const uint64_t address = random() % 64 * kMinBlockBytes;
      if (reference.insert({size, address}).second) list.insert({size, address, static_cast<BlockId>(i)});
    }
    expect_same_fit(list, reference, size);
    if (i % 100 == 0) expect_same_order(list, reference);
  }
}

TEST(FreeList, HoldsTheLargestBlock) {
  FreeList list;
  EXPECT_TRUE(list.at_end(list.begin()));
  EXPECT_TRUE(list.at_end(list.lower_bound(512)));
  list.insert({kMaxBlockBytes - kMinBlockBytes, 0, 7});
  EXPECT_EQ(list[list.lower_bound(512)].block, 7u);
  list.erase(list.begin());
  EXPECT_TRUE(list.at_end(list.begin()));
}

}  // namespace
}  // namespace titan::memory
