#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/data/batch_producer.h"
#include "runtime/data/loader_state.h"
#include "runtime/data/prefetcher.h"

namespace titan::data {

struct DataLoaderOptions {
  Dataset dataset;
  Encode encode;  // called by the loader's own thread
  int64_t seq_len = 2048;
  int64_t global_batch_size = 8;  // sequences per optimizer step over all ranks: the number of virtual shards
  int64_t dp_rank = 0;
  int64_t dp_degree = 1;    // must divide global_batch_size
  bool infinite = true;     // start over at the end of the data
  size_t num_prefetch = 4;  // batches made ahead
  std::function<void(const std::string&)>
      log;  // receives "Dataset c4 is being re-looped", from within next(); may be empty
};

/// What one rank trains on in one optimizer step.
struct Batch {
  at::Tensor tokens;  // int64 [global_batch_size / dp_degree, seq_len] on the CPU: the rows of all its microbatches
  at::Tensor labels;  // same shape: the token that follows each token
};

/// Deals text to the ranks of a data-parallel axis. The data set is dealt to `global_batch_size` virtual shards
/// (ShardDeal); each packs its documents end to end, and cuts them into pieces of seq_len + 1 tokens: the first seq_len
/// are the input, the last seq_len the labels. A batch has one row per shard and rank r of D owns the shards [r G/D,
/// (r+1) G/D), so the global batches and the resume state are the same for every D. Reading and tokenising happen on a
/// thread of the loader's, ahead of the consumer. Use it from one thread.
class DataLoader {
 public:
  /// Throws ContractError unless sizes are positive, dp_rank < dp_degree and dp_degree divides global_batch_size;
  /// ConfigError for a data set that cannot be read or is empty.
  explicit DataLoader(DataLoaderOptions options);
  ~DataLoader();

  /// Gives the next batch, waiting for it if need be; absent when the data of one of the rank's shards has ended (never
  /// when infinite). Other ranks may then still have data: finite loaders must agree before a batch is used. Throws
  /// what went wrong on the loader's thread (ConfigError for a broken file, naming file:line), at each further call
  /// again.
  std::optional<Batch> next();

  /// Describes what was handed out so far, whatever was made ahead.
  LoaderState state() const;

  /// Goes on where `state` was taken, on this or another number of ranks; `state` may hold more shards than this
  /// rank's. Throws ConfigError where it belongs to another data set or another global batch size, or lacks one of the
  /// rank's shards.
  void load_state(const LoaderState& state);

 private:
  void start();

  DataLoaderOptions options_;
  ShardRange range_;
  std::vector<ShardDeal> deals_;
  std::vector<ShardState> states_;
  int64_t pass_ = 0;
  std::unique_ptr<BatchProducer> producer_;
  std::unique_ptr<Prefetcher<RowBatch>> prefetcher_;  // after producer_: its thread uses it
};

}  // namespace titan::data
