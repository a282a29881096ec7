#include "runtime/data/data_loader.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"

namespace titan::data {
namespace {

using config::check;
using config::ConfigError;

ShardRange range_of(const DataLoaderOptions& options) {
  const int64_t rank = options.dp_rank, degree = options.dp_degree, shards = options.global_batch_size;
  check(options.seq_len >= 1 && shards >= 1 && options.num_prefetch >= 1,
        "DataLoader: sizes must be positive: seq_len=", options.seq_len, " global_batch_size=", shards,
        " num_prefetch=", options.num_prefetch);
  check(degree >= 1 && rank >= 0 && rank < degree, "DataLoader: dp_rank must be below dp_degree: dp_rank=", rank,
        " dp_degree=", degree);
  check(shards % degree == 0, "DataLoader: dp_degree must divide global_batch_size: global_batch_size=", shards,
        " dp_degree=", degree);
  const int64_t rows = shards / degree;
  return {.begin = rank * rows, .end = (rank + 1) * rows, .num_shards = shards};
}

Batch to_batch(const std::vector<int64_t>& tokens, int64_t seq_len) {
  const int64_t row_length = seq_len + 1;
  const int64_t rows = static_cast<int64_t>(tokens.size()) / row_length;
  Batch batch{.tokens = at::empty({rows, seq_len}, at::kLong), .labels = at::empty({rows, seq_len}, at::kLong)};
  auto* input = batch.tokens.mutable_data_ptr<int64_t>();
  auto* label = batch.labels.mutable_data_ptr<int64_t>();
  for (int64_t row = 0; row < rows; ++row) {
    const auto begin = tokens.begin() + row * row_length;
    input = std::copy_n(begin, seq_len, input);
    label = std::copy_n(begin + 1, seq_len, label);
  }
  return batch;
}

}  // namespace

DataLoader::DataLoader(DataLoaderOptions options)
    : options_(std::move(options)), range_(range_of(options_)), deals_(deal_range(options_.dataset, range_)) {
  for (int64_t shard = range_.begin; shard < range_.end; ++shard) states_.push_back({.shard = shard});
}

DataLoader::~DataLoader() = default;

// Only here, not in the constructor: a state may be loaded first.
void DataLoader::start() {
  const auto last_pass = options_.infinite ? std::nullopt : std::optional<int64_t>(0);
  producer_ = std::make_unique<BatchProducer>(BatchProducer::Options{.dataset = options_.dataset,
                                                                     .range = range_,
                                                                     .row_length = options_.seq_len + 1,
                                                                     .last_pass = last_pass,
                                                                     .encode = options_.encode},
                                              deals_, states_);
  prefetcher_ = std::make_unique<Prefetcher<RowBatch>>([this] { return producer_->next(); }, options_.num_prefetch);
}

std::optional<Batch> DataLoader::next() {
  if (!prefetcher_) start();
  std::optional<RowBatch> rows = prefetcher_->next();
  if (!rows) return std::nullopt;
  if (rows->pass > pass_ && options_.log) options_.log("Dataset " + options_.dataset.name + " is being re-looped");
  pass_ = rows->pass;
  states_ = std::move(rows->states);
  return to_batch(rows->tokens, options_.seq_len);
}

LoaderState DataLoader::state() const {
  return {.dataset = options_.dataset.name, .num_shards = range_.num_shards, .shards = states_};
}

void DataLoader::load_state(const LoaderState& state) {
  if (state.dataset != options_.dataset.name) {
    throw ConfigError("training.dataset", "the checkpoint was written while training on " + state.dataset +
                                              ", not on " + options_.dataset.name);
  }
  if (state.num_shards != range_.num_shards) {
    throw ConfigError("training.global_batch_size",
                      "the checkpoint's data was dealt to " + std::to_string(state.num_shards) +
                          " sequences per step, not to " + std::to_string(range_.num_shards));
  }
  std::vector<ShardState> own;
  for (int64_t id = range_.begin; id < range_.end; ++id) {
    const auto found =
        std::find_if(state.shards.begin(), state.shards.end(), [&](const auto& s) { return s.shard == id; });
    if (found == state.shards.end()) {
      throw ConfigError("checkpoint.dataloader", "the state of shard " + std::to_string(id) + " is missing");
    }
    own.push_back(*found);
  }
  const auto& files = options_.dataset.files;
  pass_ = 0;
  for (size_t i = 0; i < own.size(); ++i) {
    if (own[i].token < 0) continue;
    const Position& position = own[i].position;
    const bool known = std::count(deals_[i].files.begin(), deals_[i].files.end(), position.file) > 0;
    if (!known || files[position.file].filename() != own[i].file) {
      throw ConfigError("training.dataset_path", "the checkpoint continues in " + own[i].file + ", which is not file " +
                                                     std::to_string(position.file) + " of this data set");
    }
    pass_ = std::max(pass_, deals_[i].pass(position.epoch, position.document));
  }
  prefetcher_.reset();
  states_ = std::move(own);
}

}  // namespace titan::data
