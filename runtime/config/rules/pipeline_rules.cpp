#include <algorithm>

#include "runtime/config/config_error.h"
#include "runtime/config/rules/rules.h"
#include "runtime/config/value.h"

namespace titan::config {
namespace {

constexpr const char* kScheduleKey = "parallelism.pipeline_parallel_schedule";
constexpr const char* kPartsKey = "parallelism.module_fqns_per_model_part";
constexpr const char* kLayersKey = "parallelism.pipeline_parallel_layers_per_stage";

bool is_single_stage(const std::string& schedule) {
  return schedule == "1F1B" || schedule == "GPipe" || schedule == "PipelineScheduleSingle";
}

bool is_v_shaped(const std::string& schedule) { return schedule == "ZBVZeroBubble" || schedule == "DualPipeV"; }

/// Number of stages, and the key that decided it.
struct Stages {
  int64_t count;
  const char* key;
};

int64_t effective_layers(const ParallelismSection& parallelism, const ModelDims& model) {
  return model.num_layers + parallelism.pipeline_parallel_first_stage_less_layers +
         parallelism.pipeline_parallel_last_stage_less_layers;
}

/// Absent: the number depends on the model, which is not known here.
std::optional<Stages> stages_of(const ParallelismSection& parallelism, const std::optional<ModelDims>& model) {
  if (parallelism.module_fqns_per_model_part) {
    return Stages{static_cast<int64_t>(parallelism.module_fqns_per_model_part->size()), kPartsKey};
  }
  if (parallelism.pipeline_parallel_layers_per_stage) {
    if (!model) return {};
    const int64_t layers = effective_layers(parallelism, *model);
    const int64_t per_stage = *parallelism.pipeline_parallel_layers_per_stage;
    return Stages{(layers + per_stage - 1) / per_stage, kLayersKey};
  }
  const int64_t per_rank = is_single_stage(parallelism.pipeline_parallel_schedule) ? 1 : 2;
  return Stages{parallelism.pipeline_parallel_degree * per_rank, kScheduleKey};
}

void check_stages_per_rank(const Stages& stages, const ParallelismSection& parallelism) {
  const int64_t pp = parallelism.pipeline_parallel_degree;
  const std::string& schedule = parallelism.pipeline_parallel_schedule;
  if (stages.count == 0 || stages.count % pp != 0) {
    throw ConfigError(stages.key, "Number of virtual stages (" + std::to_string(stages.count) +
                                      ") must be divisible by pipeline parallel size (" + std::to_string(pp) + ")");
  }
  const int64_t per_rank = stages.count / pp;
  const std::string found = ", found " + std::to_string(per_rank) + " with " + kScheduleKey + " = " + schedule;
  if (is_single_stage(schedule) && per_rank != 1) {
    throw ConfigError(stages.key, "Single stage schedule requires exactly 1 stage per rank" + found);
  }
  if (!is_single_stage(schedule) && per_rank < 2) {
    throw ConfigError(stages.key, "Multi-stage schedule requires at least 2 stages per rank" + found);
  }
  if (is_v_shaped(schedule) && per_rank != 2) {
    throw ConfigError(stages.key, "V schedule requires exactly 2 stages per rank" + found);
  }
}

/// The rules of dividing layers evenly: every stage has a layer or what counts as one.
void check_division(int64_t stages, const ParallelismSection& parallelism, const ModelDims& model) {
  const int64_t layers = effective_layers(parallelism, model);
  if (stages > layers) {
    throw ConfigError("parallelism.pipeline_parallel_degree", "Number of stages (" + std::to_string(stages) +
                                                                  ") cannot be greater than effective layers (" +
                                                                  std::to_string(layers) + ")");
  }
  const int64_t base = layers / stages;
  const auto check_weight = [base](const char* key, const char* name, int64_t weight) {
    if (weight <= base) return;
    throw ConfigError(key, std::string(name) + " (" + std::to_string(weight) + ") exceeds minimum layers per stage (" +
                               std::to_string(base) + ")");
  };
  check_weight("parallelism.pipeline_parallel_first_stage_less_layers", "input_weight",
               parallelism.pipeline_parallel_first_stage_less_layers);
  check_weight("parallelism.pipeline_parallel_last_stage_less_layers", "output_weight",
               parallelism.pipeline_parallel_last_stage_less_layers);
}

void check_no_empty_part(const TextTable& parts) {
  for (size_t part = 0; part < parts.size(); ++part) {
    if (parts[part].empty()) throw ConfigError(kPartsKey, "part " + std::to_string(part) + " names no module");
  }
}

int64_t microbatches(const JobConfig& config) {
  const int64_t batch = config.training.local_batch_size;
  const int64_t size = config.parallelism.pipeline_parallel_microbatch_size;
  if (batch % size == 0) return batch / size;
  throw ConfigError("parallelism.pipeline_parallel_microbatch_size",
                    "Batch size " + std::to_string(batch) + " must be divisible by microbatch_size " +
                        std::to_string(size) +
                        ". Update training.local_batch_size or parallelism.pipeline_parallel_microbatch_size.");
}

void check_microbatch_count(int64_t count, int64_t stages, const ParallelismSection& parallelism) {
  const std::string& schedule = parallelism.pipeline_parallel_schedule;
  // With fewer, the other schedules only idle.
  if (schedule == "DualPipeV" && count < stages) {
    throw ConfigError("training.local_batch_size", schedule + " needs at least as many microbatches as stages (" +
                                                       std::to_string(stages) + "), found " + std::to_string(count));
  }
  if (schedule != "Interleaved1F1B" && schedule != "InterleavedZeroBubble") return;
  const int64_t rounds = std::max<int64_t>(1, count / parallelism.pipeline_parallel_degree);
  if (count % rounds == 0) return;
  throw ConfigError("training.local_batch_size", schedule + " runs its microbatches in equal rounds of about " +
                                                     std::to_string(parallelism.pipeline_parallel_degree) + ": " +
                                                     std::to_string(count) + " microbatches cannot be divided by " +
                                                     std::to_string(rounds) + " rounds");
}

}  // namespace

void check_pipeline(const JobConfig& config, const std::optional<ModelDims>& model) {
  const ParallelismSection& parallelism = config.parallelism;
  if (parallelism.pipeline_parallel_degree == 1) return;
  const int64_t count = microbatches(config);
  if (parallelism.module_fqns_per_model_part) check_no_empty_part(*parallelism.module_fqns_per_model_part);
  const auto stages = stages_of(parallelism, model);
  if (!stages) return;
  check_stages_per_rank(*stages, parallelism);
  if (model && !parallelism.module_fqns_per_model_part) check_division(stages->count, parallelism, *model);
  check_microbatch_count(count, stages->count, parallelism);
}

}  // namespace titan::config
