#include "runtime/data/loader_state.h"

#include "tests/runtime/data/text_files.h"

namespace titan::data {
namespace {

ShardState shard(int64_t id, int64_t token) {
  return {
      .shard = id, .position = {.epoch = 1, .document = 20, .file = 3, .record = 4}, .file = "a.jsonl", .token = token};
}

LoaderState state_of(std::vector<ShardState> shards) {
  return {.dataset = "c4", .num_shards = 4, .shards = std::move(shards)};
}

TEST(LoaderState, JsonRoundTripKeepsEverything) {
  const LoaderState state = state_of({shard(0, 7), shard(1, -1)});
  EXPECT_EQ(loader_state_from_json(nlohmann::json::parse(to_json(state).dump())), state);
}

TEST(LoaderState, MergeJoinsRanksInShardOrderAndAcceptsEqualCopies) {
  const LoaderState joined =
      merge({state_of({shard(2, 1), shard(3, 2)}), state_of({shard(0, 3), shard(1, 4)}), state_of({shard(2, 1)})});
  EXPECT_EQ(joined, state_of({shard(0, 3), shard(1, 4), shard(2, 1), shard(3, 2)}));
  EXPECT_EQ(merge({}), LoaderState{});
}

TEST(LoaderState, MergeRefusesStatesThatDisagree) {
  EXPECT_EQ(config_error([] {
              merge({state_of({shard(2, 1)}), state_of({shard(2, 9)})});
            }),
            "checkpoint.dataloader: two ranks hold different states of shard 2");
  LoaderState other = state_of({shard(1, 1)});
  other.num_shards = 8;
  EXPECT_EQ(config_error([&] {
              merge({state_of({shard(0, 1)}), other});
            }),
            "checkpoint.dataloader: the ranks' states differ: data set c4 in 4 shards and c4 in 8");
}

TEST(LoaderState, AnythingElseIsNotAState) {
  const nlohmann::json good = to_json(state_of({shard(0, 7)}));
  for (const char* key : {"dataset", "num_shards", "shards"}) {
    nlohmann::json bad = good;
    bad.erase(key);
    const std::string message = config_error([&] { loader_state_from_json(bad); });
    EXPECT_EQ(message.rfind("checkpoint.dataloader: not the state of a data loader (", 0), 0U) << message;
  }
  nlohmann::json negative = good;
  negative["shards"][0]["record"] = -3;
  EXPECT_EQ(config_error([&] { loader_state_from_json(negative); }),
            "checkpoint.dataloader: record must be at least 0: found -3");
  nlohmann::json text = good;
  text["shards"][0]["token"] = "seven";
  config_error([&] { loader_state_from_json(text); });
  config_error([&] { loader_state_from_json(nlohmann::json::array()); });
}

}  // namespace
}  // namespace titan::data
