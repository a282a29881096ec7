#pragma once

#include <optional>
#include <string_view>

#include "runtime/config/job_config.h"
#include "runtime/config/model_dims.h"
#include "runtime/mesh/parallel_dims.h"

// The groups of rules that `validate` checks. Each throws ConfigError.
namespace titan::config {

/// tp divides the model's heads, kv heads, ffn and vocabulary; async TP has its compiled model.
void check_tensor_parallel(const JobConfig& config, const std::optional<ModelDims>& model);
/// The load balancer and the attention of the flavor work with cp.
void check_context_parallel(const JobConfig& config);
/// The token transport and DualPipeV's overlap work with ep and etp.
void check_expert_parallel(const JobConfig& config);
/// Microbatches divide the batch, stages the ranks and the layers, as the schedule needs.
void check_pipeline(const JobConfig& config, const std::optional<ModelDims>& model);
/// The global batch is a multiple of what all ranks take at once.
void check_batches(const JobConfig& config, const mesh::ParallelDims& dims);
/// cp divides the sequences; tp need not.
void check_sequences(const JobConfig& config);
/// What is saved and loaded fits together.
void check_checkpoint(const JobConfig& config, int64_t world_size);
/// Activation checkpointing's option, early optimizer steps, profiling cycle, data sets.
void check_training(const JobConfig& config);
/// Converters exist, agree with each other and with the parallelism.
void check_quantization(const JobConfig& config);

/// Says whether a list of texts holds one.
bool contains(const std::vector<std::string>& list, std::string_view text);
/// Says whether the flavor's attention is of a kind ("flex", "varlen"): flavors name it, as debugmodel_flex_attn.
bool flavor_attention_is(const JobConfig& config, std::string_view kind);

}  // namespace titan::config
