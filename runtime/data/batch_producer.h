#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "runtime/data/dataset.h"
#include "runtime/data/shard_packer.h"

namespace titan::data {

/// The part of a global batch that one data-parallel rank owns.
struct ShardRange {
  int64_t begin = 0;
  int64_t end = 1;
  int64_t num_shards = 1;  // of all ranks: the global batch size
};

/// One step's rows of a rank, plain values.
struct RowBatch {
  std::vector<int64_t> tokens;     // [rows, row length]
  std::vector<ShardState> states;  // of the rank's shards after this batch
  int64_t pass = 0;                // the furthest completed pass over the data among them
};

/// Makes a rank's batches one after the other, on the caller's thread.
class BatchProducer {
 public:
  struct Options {
    Dataset dataset;
    ShardRange range;
    int64_t row_length = 0;
    std::optional<int64_t> last_pass;  // absent: no end
    Encode encode;
  };

  /// `deals` and `states` are those of the shards of the range, in order.
  BatchProducer(Options options, const std::vector<ShardDeal>& deals, const std::vector<ShardState>& states);

  /// Gives the next batch, one row per shard; absent when the data of one of the shards ends. Throws ConfigError for a
  /// broken file, naming it and the line.
  std::optional<RowBatch> next();

 private:
  Options options_;
  std::vector<std::unique_ptr<DocumentFeed>> feeds_;
  std::vector<ShardPacker> packers_;
};

/// Deals the data set to all shards; returns the deals of the range. Reads as many documents as are needed to know
/// whether there are fewer than shards. Throws ConfigError when the data set holds no documents.
std::vector<ShardDeal> deal_range(const Dataset& dataset, const ShardRange& range);

}  // namespace titan::data
