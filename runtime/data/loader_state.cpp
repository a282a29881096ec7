#include "runtime/data/loader_state.h"

#include <map>
#include <nlohmann/json.hpp>

#include "runtime/config/config_error.h"

namespace titan::data {
namespace {

constexpr const char* kWhere = "checkpoint.dataloader";

nlohmann::json shard_to_json(const ShardState& shard) {
  return {{"shard", shard.shard},
          {"epoch", shard.position.epoch},
          {"document", shard.position.document},
          {"file_index", shard.position.file},
          {"file", shard.file},
          {"record", shard.position.record},
          {"token", shard.token}};
}

// -1 is the state of a shard that has handed out nothing.
int64_t read_count(const nlohmann::json& json, const char* key, int64_t least) {
  const int64_t value = json.at(key).get<int64_t>();
  if (value >= least) return value;
  throw config::ConfigError(
      kWhere, std::string(key) + " must be at least " + std::to_string(least) + ": found " + std::to_string(value));
}

ShardState shard_from_json(const nlohmann::json& json) {
  return {.shard = read_count(json, "shard", 0),
          .position = {.epoch = read_count(json, "epoch", 0),
                       .document = read_count(json, "document", 0),
                       .file = read_count(json, "file_index", 0),
                       .record = read_count(json, "record", 0)},
          .file = json.at("file").get<std::string>(),
          .token = read_count(json, "token", -1)};
}

}  // namespace

LoaderState merge(const std::vector<LoaderState>& states) {
  LoaderState joined;
  std::map<int64_t, ShardState> shards;
  for (const LoaderState& state : states) {
    if (&state != &states.front() && (state.dataset != joined.dataset || state.num_shards != joined.num_shards)) {
      throw config::ConfigError(kWhere, "the ranks' states differ: data set " + joined.dataset + " in " +
                                            std::to_string(joined.num_shards) + " shards and " + state.dataset +
                                            " in " + std::to_string(state.num_shards));
    }
    joined.dataset = state.dataset;
    joined.num_shards = state.num_shards;
    for (const ShardState& shard : state.shards) {
      const auto [found, added] = shards.emplace(shard.shard, shard);
      if (added || found->second == shard) continue;
      throw config::ConfigError(kWhere, "two ranks hold different states of shard " + std::to_string(shard.shard));
    }
  }
  for (auto& [id, shard] : shards) joined.shards.push_back(std::move(shard));
  return joined;
}

nlohmann::json to_json(const LoaderState& state) {
  nlohmann::json shards = nlohmann::json::array();
  for (const ShardState& shard : state.shards) shards.push_back(shard_to_json(shard));
  return {{"dataset", state.dataset}, {"num_shards", state.num_shards}, {"shards", std::move(shards)}};
}

LoaderState loader_state_from_json(const nlohmann::json& json) {
  try {
    LoaderState state{.dataset = json.at("dataset").get<std::string>(),
                      .num_shards = read_count(json, "num_shards", 1)};
    for (const nlohmann::json& shard : json.at("shards")) state.shards.push_back(shard_from_json(shard));
    return state;
  } catch (const nlohmann::json::exception& error) {
    throw config::ConfigError(kWhere, std::string("not the state of a data loader (") + error.what() + ")");
  }
}

}  // namespace titan::data
