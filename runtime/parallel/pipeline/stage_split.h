#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/parallel/pipeline/schedule_kind.h"

namespace titan::pipeline {

/// The modules of each stage, by name: "tok_embeddings", "layers.0", …, "norm", "output".
using StageModules = std::vector<std::vector<std::string>>;

/// What decides how a model is divided into stages ([parallelism]).
struct SplitOptions {
  int64_t num_layers = 1;
  int64_t num_ranks = 1;
  ScheduleKind kind = ScheduleKind::k1F1B;
  /// pipeline_parallel_layers_per_stage; absent: one stage per rank for single-stage schedules, else two.
  std::optional<int64_t> layers_per_stage = {};
  /// pipeline_parallel_first_stage_less_layers: layers that the embedding counts as.
  int64_t input_weight = 1;
  /// pipeline_parallel_last_stage_less_layers: layers that norm and output count as.
  int64_t output_weight = 1;
  /// module_fqns_per_model_part: the stages as the user wrote them.
  std::optional<StageModules> modules = {};
};

/// Names all modules of a model in their order.
std::vector<std::string> all_modules(int64_t num_layers);

/// Divides the model into stages. Layers, with the embedding and the output counted as so many of them, are dealt
/// evenly; the first stages get one more where it does not come out even. Throws ConfigError, naming the dotted key:
/// the number of stages must be a multiple of the ranks and suit the schedule (make_schedule.h); every stage must have
/// a layer or what counts as one; modules that the user lists must be all modules, each once, in order.
StageModules split_stages(const SplitOptions& options);

/// Deals layers evenly to a given number of stages. Throws as split_stages does.
StageModules deal_layers(int64_t num_stages, int64_t num_layers, int64_t input_weight, int64_t output_weight);

/// Divides a rank's batch into microbatches of `microbatch_size` sequences. Throws ConfigError, naming the dotted key,
/// where it does not come out even.
int64_t num_microbatches(int64_t local_batch_size, int64_t microbatch_size);

/// Warns where a rank must idle because there are fewer microbatches than stages; otherwise empty.
std::string bubble_warning(int64_t num_microbatches, int64_t num_stages);

}  // namespace titan::pipeline
