#include "estimator/simulate/remedies.h"

#include <algorithm>
#include <string>

namespace titan::estimator {
namespace {

constexpr size_t kMostRemedies = 3;
constexpr int64_t kLargestTensorParallel = 8;  // a node

struct Change {
  std::string text;
  std::function<void(config::JobConfig&)> apply;
};

Change checkpoint_fully() {
  return {"--activation_checkpoint.mode full", [](auto& config) { config.activation_checkpoint.mode = "full"; }};
}

void add_checkpointing(const config::JobConfig& config, std::vector<Change>& changes) {
  const auto& mode = config.activation_checkpoint.mode;
  if (mode == "none") {
    changes.push_back(
        {"--activation_checkpoint.mode selective --activation_checkpoint.selective_ac_option op", [](auto& other) {
           other.activation_checkpoint.mode = "selective";
           other.activation_checkpoint.selective_ac_option = "op";
         }});
  }
  if (mode != "full") changes.push_back(checkpoint_fully());
}

// The global batch stays what it is, by more accumulation.
void add_smaller_batches(const config::JobConfig& config, std::vector<Change>& changes) {
  for (int64_t local = config.training.local_batch_size / 2; local >= 1; local /= 2) {
    changes.push_back({"--training.local_batch_size " + std::to_string(local),
                       [local](auto& other) { other.training.local_batch_size = local; }});
  }
}

void add_sharding(const config::JobConfig& config, std::vector<Change>& changes) {
  const auto& degrees = config.parallelism;
  if (degrees.data_parallel_replicate_degree > 1) {
    changes.push_back(
        {"--parallelism.data_parallel_replicate_degree 1 --parallelism.data_parallel_shard_degree -1", [](auto& other) {
           other.parallelism.data_parallel_replicate_degree = 1;
           other.parallelism.data_parallel_shard_degree = -1;
         }});
  }
  if (degrees.fsdp_reshard_after_forward == "never") {
    changes.push_back({"--parallelism.fsdp_reshard_after_forward always",
                       [](auto& other) { other.parallelism.fsdp_reshard_after_forward = "always"; }});
  }
  for (int64_t tp = 2 * degrees.tensor_parallel_degree; tp <= kLargestTensorParallel; tp *= 2) {
    changes.push_back(
        {"--parallelism.tensor_parallel_degree " + std::to_string(tp) + " --parallelism.data_parallel_shard_degree -1",
         [tp](auto& other) {
           other.parallelism.tensor_parallel_degree = tp;
           other.parallelism.data_parallel_shard_degree = -1;
         }});
  }
}

void try_change(const config::JobConfig& config, const Change& change, const PredictOther& predict,
                std::vector<Remedy>& fitting) {
  config::JobConfig other = config;
  change.apply(other);
  const auto estimate = predict(other);
  if (!estimate || !estimate->fits) return;
  fitting.push_back({.change = change.text,
                     .device_used_bytes = fullest(*estimate).device_used_bytes,
                     .tokens_per_second_per_gpu = estimate->tokens_per_second_per_gpu});
}

std::vector<Remedy> try_all(const config::JobConfig& config, const std::vector<Change>& changes,
                            const PredictOther& predict) {
  std::vector<Remedy> fitting;
  for (const auto& change : changes) try_change(config, change, predict, fitting);
  std::sort(fitting.begin(), fitting.end(),
            [](const Remedy& a, const Remedy& b) { return a.tokens_per_second_per_gpu > b.tokens_per_second_per_gpu; });
  if (fitting.size() > kMostRemedies) fitting.resize(kMostRemedies);
  return fitting;
}

Change both(const Change& first, const Change& second) {
  return {first.text + " " + second.text, [first, second](config::JobConfig& config) {
            first.apply(config);
            second.apply(config);
          }};
}

}  // namespace

std::vector<Remedy> find_remedies(const config::JobConfig& config, const PredictOther& predict) {
  std::vector<Change> checkpointing, others;
  add_checkpointing(config, checkpointing);
  add_smaller_batches(config, others);
  add_sharding(config, others);
  std::vector<Change> single = checkpointing;
  single.insert(single.end(), others.begin(), others.end());
  auto remedies = try_all(config, single, predict);
  if (!remedies.empty() || config.activation_checkpoint.mode == "full") return remedies;
  std::vector<Change> pairs;
  for (const auto& other : others) pairs.push_back(both(checkpoint_fully(), other));
  return try_all(config, pairs, predict);
}

}  // namespace titan::estimator
