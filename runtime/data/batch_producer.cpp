#include "runtime/data/batch_producer.h"

#include <algorithm>
#include <span>

#include "runtime/config/config_error.h"

namespace titan::data {

BatchProducer::BatchProducer(Options options, const std::vector<ShardDeal>& deals,
                             const std::vector<ShardState>& states)
    : options_(std::move(options)) {
  const auto& files = options_.dataset.files;
  const bool shared =
      std::all_of(deals.begin(), deals.end(), [&](const auto& d) { return d.files == deals.front().files; });
  std::vector<DocumentFeed::Consumer> consumers;
  for (size_t i = 0; i < deals.size(); ++i) consumers.push_back({.deal = deals[i], .start = states[i].position});
  if (shared) feeds_.push_back(std::make_unique<DocumentFeed>(files, consumers));
  for (size_t i = 0; i < deals.size(); ++i) {
    if (!shared) feeds_.push_back(std::make_unique<DocumentFeed>(files, std::vector{consumers[i]}));
    packers_.emplace_back(states[i], deals[i], options_.last_pass, shared ? i : 0, *feeds_.back());
  }
}

std::optional<RowBatch> BatchProducer::next() {
  RowBatch batch;
  batch.tokens.resize(packers_.size() * options_.row_length);
  for (size_t i = 0; i < packers_.size(); ++i) {
    const std::span row = std::span(batch.tokens).subspan(i * options_.row_length, options_.row_length);
    if (!packers_[i].fill(row, options_.encode)) return std::nullopt;
    batch.states.push_back(packers_[i].state());
    batch.states.back().file = options_.dataset.files[batch.states.back().position.file].filename().string();
    batch.pass = std::max(batch.pass, packers_[i].pass());
  }
  return batch;
}

std::vector<ShardDeal> deal_range(const Dataset& dataset, const ShardRange& range) {
  const auto num_files = static_cast<int64_t>(dataset.files.size());
  const int64_t num_documents =
      num_files >= range.num_shards ? range.num_shards : count_documents(dataset.files, range.num_shards);
  if (num_documents == 0) throw config::ConfigError(dataset.files.front().string(), "holds no documents");
  std::vector<ShardDeal> deals;
  for (int64_t shard = range.begin; shard < range.end; ++shard) {
    deals.push_back(deal(shard, range.num_shards, num_files, num_documents));
  }
  return deals;
}

}  // namespace titan::data
