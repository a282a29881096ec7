#include "runtime/parallel/pipeline/stage_split.h"

#include <algorithm>

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"
#include "runtime/config/value.h"
#include "runtime/parallel/pipeline/make_schedule.h"

namespace titan::pipeline {
namespace {

using config::ConfigError;

constexpr const char* kDegreeKey = "parallelism.pipeline_parallel_degree";
constexpr const char* kLayersKey = "parallelism.pipeline_parallel_layers_per_stage";
constexpr const char* kPartsKey = "parallelism.module_fqns_per_model_part";
constexpr const char* kFirstKey = "parallelism.pipeline_parallel_first_stage_less_layers";
constexpr const char* kLastKey = "parallelism.pipeline_parallel_last_stage_less_layers";
constexpr const char* kMicrobatchKey = "parallelism.pipeline_parallel_microbatch_size";
constexpr const char* kScheduleKey = "parallelism.pipeline_parallel_schedule";

std::string number(int64_t value) { return std::to_string(value); }

/// A number of stages, and the key that decided it.
struct StageCount {
  int64_t count;
  const char* key;
};

StageCount stage_count(const SplitOptions& options) {
  if (options.modules) return {static_cast<int64_t>(options.modules->size()), kPartsKey};
  if (!options.layers_per_stage) {
    return {options.num_ranks * (traits_of(options.kind).single_stage ? 1 : 2), kScheduleKey};
  }
  const int64_t layers = options.num_layers + options.input_weight + options.output_weight;
  return {(layers + *options.layers_per_stage - 1) / *options.layers_per_stage, kLayersKey};
}

void check_stage_count(const StageCount& stages, const SplitOptions& options) {
  if (stages.count == 0 || stages.count % options.num_ranks != 0) {
    throw ConfigError(stages.key, "Number of virtual stages (" + number(stages.count) +
                                      ") must be divisible by pipeline parallel size (" + number(options.num_ranks) +
                                      ")");
  }
  check_stages_per_rank({.kind = options.kind,
                         .num_ranks = static_cast<int>(options.num_ranks),
                         .stages_per_rank = static_cast<int>(stages.count / options.num_ranks)},
                        {.stages_per_rank = stages.key});
}

void check_weight(const char* key, const char* name, int64_t weight, int64_t base) {
  if (weight <= base) return;
  throw ConfigError(
      key, std::string(name) + " (" + number(weight) + ") exceeds minimum layers per stage (" + number(base) + ")");
}

void append_layers(std::vector<std::string>& stage, int64_t& next, int64_t count) {
  for (int64_t end = next + count; next < end; ++next) stage.push_back("layers." + number(next));
}

void check_module(const std::vector<std::string>& all, size_t expected, const std::string& found,
                  const std::string& part) {
  const auto place = std::find(all.begin(), all.end(), found);
  if (place == all.end())
    throw ConfigError(kPartsKey, part + " names " + config::in_quotes(found) + ", which the model lacks");
  const auto index = static_cast<size_t>(place - all.begin());
  if (index == expected) return;
  if (index < expected) throw ConfigError(kPartsKey, part + " names " + found + " again, or out of order");
  throw ConfigError(kPartsKey, part + " names " + found + " before " + all[expected] + ", which comes first");
}

void check_modules(const StageModules& parts, int64_t num_layers) {
  const auto all = all_modules(num_layers);
  size_t expected = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string part = "part " + number(static_cast<int64_t>(i));
    if (parts[i].empty()) throw ConfigError(kPartsKey, part + " names no module");
    for (const std::string& module : parts[i]) check_module(all, expected++, module, part);
  }
  if (expected < all.size()) throw ConfigError(kPartsKey, "no part names " + all[expected]);
}

}  // namespace

std::vector<std::string> all_modules(int64_t num_layers) {
  std::vector<std::string> modules = {"tok_embeddings"};
  int64_t next = 0;
  append_layers(modules, next, num_layers);
  modules.insert(modules.end(), {"norm", "output"});
  return modules;
}

StageModules deal_layers(int64_t num_stages, int64_t num_layers, int64_t input_weight, int64_t output_weight) {
  config::check(num_stages >= 1 && num_layers >= 0 && input_weight >= 0 && output_weight >= 0,
                "deal_layers: needs a stage and no negative numbers: num_stages=", num_stages,
                " num_layers=", num_layers, " input_weight=", input_weight, " output_weight=", output_weight);
  if (num_stages == 1) return {all_modules(num_layers)};
  const int64_t effective = num_layers + input_weight + output_weight;
  if (num_stages > effective) {
    throw ConfigError(kDegreeKey, "Number of stages (" + number(num_stages) +
                                      ") cannot be greater than effective layers (" + number(effective) + ")");
  }
  const int64_t base = effective / num_stages;
  check_weight(kFirstKey, "input_weight", input_weight, base);
  check_weight(kLastKey, "output_weight", output_weight, base);
  StageModules stages(num_stages);
  int64_t next = 0;
  for (int64_t i = 0; i < num_stages; ++i) {
    const int64_t taken = (i == 0 ? input_weight : 0) + (i == num_stages - 1 ? output_weight : 0);
    if (i == 0) stages[i].emplace_back("tok_embeddings");
    append_layers(stages[i], next, base + (i < effective % num_stages ? 1 : 0) - taken);
  }
  stages.back().insert(stages.back().end(), {"norm", "output"});
  return stages;
}

StageModules split_stages(const SplitOptions& options) {
  config::check(options.num_ranks >= 1 && options.layers_per_stage.value_or(1) >= 1,
                "split_stages: needs a rank and a layer per stage: num_ranks=", options.num_ranks,
                " layers_per_stage=", options.layers_per_stage.value_or(1));
  if (options.modules) check_modules(*options.modules, options.num_layers);
  const StageCount stages = stage_count(options);
  check_stage_count(stages, options);
  if (options.modules) return *options.modules;
  return deal_layers(stages.count, options.num_layers, options.input_weight, options.output_weight);
}

int64_t num_microbatches(int64_t local_batch_size, int64_t microbatch_size) {
  config::check(local_batch_size >= 1 && microbatch_size >= 1,
                "num_microbatches: sizes must be at least 1: local_batch_size=", local_batch_size,
                " microbatch_size=", microbatch_size);
  if (local_batch_size % microbatch_size == 0) return local_batch_size / microbatch_size;
  throw ConfigError(kMicrobatchKey, "Batch size " + number(local_batch_size) +
                                        " must be divisible by microbatch_size " + number(microbatch_size) +
                                        ". Update training.local_batch_size or " + kMicrobatchKey + ".");
}

std::string bubble_warning(int64_t num_microbatches, int64_t num_stages) {
  if (num_microbatches >= num_stages) return "";
  return "pipeline: " + number(num_microbatches) + " microbatches are fewer than the " + number(num_stages) +
         " stages, so that ranks idle more than they need to";
}

}  // namespace titan::pipeline
