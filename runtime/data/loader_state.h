#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "runtime/data/document_stream.h"

namespace titan::data {

/// How far one virtual shard has been handed out: the next token is number `token` of the document at `position`.
struct ShardState {
  int64_t shard = 0;
  Position position;
  std::string file;    // name of the file at position.file, to notice that the data set has changed
  int64_t token = -1;  // -1: nothing handed out yet

  bool operator==(const ShardState&) const = default;
};

/// The resume state of a data loader: a value, independent of the mesh. A rank's state holds the rank's shards; the
/// states of all ranks together hold each of the `num_shards` shards once.
struct LoaderState {
  std::string dataset;
  int64_t num_shards = 0;
  std::vector<ShardState> shards;  // ascending

  bool operator==(const LoaderState&) const = default;
};

/// Joins the states of several ranks. Throws ConfigError where they belong to different data sets or numbers of shards,
/// or where a shard occurs twice with different contents.
LoaderState merge(const std::vector<LoaderState>& states);

nlohmann::json to_json(const LoaderState& state);
/// Reads what to_json wrote. Throws ConfigError ("checkpoint.dataloader: …") for anything else.
LoaderState loader_state_from_json(const nlohmann::json& json);

}  // namespace titan::data
