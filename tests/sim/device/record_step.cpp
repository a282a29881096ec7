#include "tests/sim/device/record_step.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "models/llama3/model.h"
#include "runtime/config/command_line.h"
#include "runtime/config/declare.h"
#include "runtime/train/session.h"
#include "runtime/train/train_step.h"
#include "tests/support/small_llama.h"
#include "validate/divergence/synthetic_batch.h"

namespace titan::test {
namespace {

constexpr int kGlobalRows = 8;
constexpr double kLearningRate = 8e-4;

/// A case as its options beyond debug_config's.
struct Row {
  const char* name;
  int world_size;
  std::string options;
  int64_t blocks_per_unit = 1;  // of the model's 6
};

const std::string kTensor2 = " --parallelism.tensor_parallel_degree 2";
const std::string kUnsharded = " --parallelism.data_parallel_shard_degree 1";
const std::string kHybrid2x2 =
    " --parallelism.data_parallel_replicate_degree 2 --parallelism.data_parallel_shard_degree 2";
const std::string kReplicas4 = " --parallelism.data_parallel_replicate_degree 4" + kUnsharded;
const std::string kFull = " --activation_checkpoint.mode full";
const std::string kEarlyStep = " --optimizer.early_step_in_backward";
const std::string kBfloat16 = " --training.mixed_precision_param bfloat16";
const std::string kReduceBfloat16 = " --training.mixed_precision_reduce bfloat16";
const std::string kReshard = " --parallelism.fsdp_reshard_after_forward ";
const std::string kOptimizer = " --optimizer.implementation ";

std::string batch(int rows) { return " --training.local_batch_size " + std::to_string(rows); }

StepCase make_case(const Row& row) {
  StepCase one{.name = row.name,
               .world_size = row.world_size,
               .config = debug_config(),
               .fsdp_blocks_per_unit = row.blocks_per_unit};
  config::Schema schema;
  config::declare(schema, one.config);
  std::istringstream words(row.options);
  const std::vector<std::string> options{std::istream_iterator<std::string>(words), {}};
  for (const auto& option : config::parse_command_line(schema, options)) option.field->assign(option.value);
  return one;
}

std::vector<StepCase> make_cases(const std::vector<Row>& rows) {
  std::vector<StepCase> cases;
  for (const Row& row : rows) cases.push_back(make_case(row));
  return cases;
}

}  // namespace

train::ModelSpec debug_model() {
  for (auto& spec : models::llama3::llama3_specs()) {
    if (spec.flavor == "debugmodel") return spec;
  }
  throw std::logic_error("there is no debugmodel");
}

config::JobConfig debug_config() {
  config::JobConfig config = small_config();
  config.training.seq_len = 128;
  config.training.local_batch_size = 1;
  config.training.global_batch_size = kGlobalRows;
  return config;
}

std::vector<StepCase> step_cases() {
  const std::string selective = " --activation_checkpoint.mode selective --activation_checkpoint.selective_ac_option ";
  const std::string budget = " --activation_checkpoint.mode memory_budget --activation_checkpoint.memory_budget 0.5";
  return make_cases({
      {"plain", 1, batch(8)},
      {"fsdp4", 4, batch(2)},
      {"tp2", 2, batch(8) + kTensor2 + kUnsharded},
      {"hsdp2x2_tp2", 8, batch(2) + kHybrid2x2 + kTensor2},
      {"checkpoint_full_all", 1, batch(8) + kFull},
      {"checkpoint_selective_op", 1, batch(8) + selective + "op"},
      {"checkpoint_selective_2", 1, batch(8) + selective + "2"},
      {"memory_budget", 1, batch(8) + budget},
      {"accumulation2", 1, batch(4)},
      {"fsdp4_accumulation2", 4, batch(1)},
      {"ddp2_full", 2, batch(4) + " --parallelism.data_parallel_replicate_degree 2" + kUnsharded + kFull},
      {"early_step", 1, batch(8) + kEarlyStep},
      {"fsdp4_blocks4_full", 4, batch(2) + kFull, 4},
      {"hsdp2x2_blocks2_accumulation2", 4, batch(1) + kHybrid2x2, 2},
  });
}

std::vector<StepCase> more_step_cases() {
  return make_cases({
      {"bfloat16", 1, kBfloat16},
      {"bfloat16_fsdp4_tp2", 8, kBfloat16 + kTensor2},
      {"bfloat16_reshard_always", 4, kBfloat16 + kReshard + "always"},
      {"bfloat16_reshard_never", 4, kBfloat16 + kReshard + "never"},
      {"fused", 1, " --compile.enable"},
      {"fused_tp2", 2, " --compile.enable" + kTensor2 + kUnsharded},
      {"tp2_whole_logits", 2, " --parallelism.disable_loss_parallel" + kTensor2 + kUnsharded},
      {"tp2_padded", 2, " --training.seq_len 127" + kTensor2 + kUnsharded},
      {"foreach", 1, kOptimizer + "foreach"},
      {"for_loop", 1, kOptimizer + "for-loop"},
      {"adam_fsdp4", 4, " --optimizer.name Adam"},
      {"hsdp2x2_early_step", 4, kHybrid2x2 + kEarlyStep},
      {"fsdp4_all_blocks_early_step", 4, kEarlyStep, 6},
      {"bfloat16_fsdp4_tp2_blocks5", 8, kBfloat16 + kTensor2, 5},
      {"reduce_bfloat16", 1, kReduceBfloat16},
      {"reduce_bfloat16_fsdp4", 4, kReduceBfloat16},
      {"ddp4_accumulation2", 4, kReplicas4},
      {"reduce_bfloat16_ddp4", 4, kReduceBfloat16 + kReplicas4},
      {"reduce_bfloat16_hsdp2x2_early_step", 4, kReduceBfloat16 + kHybrid2x2 + kEarlyStep, 2},
      {"uneven_fsdp3_tp2", 6, kBfloat16 + kTensor2 + " --training.global_batch_size 6" + kFull},
  });
}

std::vector<StepCase> offload_cases() {
  std::vector<StepCase> all = step_cases(), chosen;
  for (auto& one : more_step_cases()) all.push_back(std::move(one));
  for (const char* name : {"plain",
                           "fsdp4",
                           "hsdp2x2_tp2",
                           "accumulation2",
                           "fsdp4_accumulation2",
                           "ddp2_full",
                           "early_step",
                           "bfloat16",
                           "bfloat16_fsdp4_tp2",
                           "bfloat16_reshard_never",
                           "tp2",
                           "foreach",
                           "for_loop",
                           "hsdp2x2_early_step",
                           "uneven_fsdp3_tp2",
                           "hsdp2x2_blocks2_accumulation2",
                           "reduce_bfloat16",
                           "reduce_bfloat16_fsdp4",
                           "reduce_bfloat16_ddp4",
                           "reduce_bfloat16_hsdp2x2_early_step",
                           "ddp4_accumulation2"}) {
    chosen.push_back(find_case(all, name));
    chosen.back().name = "offload_" + chosen.back().name;
    chosen.back().config.training.enable_cpu_offload = true;
  }
  return chosen;
}

const StepCase& find_case(const std::vector<StepCase>& cases, const std::string& name) {
  const auto found = std::find_if(cases.begin(), cases.end(), [&](const StepCase& one) { return one.name == name; });
  if (found == cases.end()) throw std::logic_error("there is no case " + name);
  return *found;
}

void train_steps(const StepCase& one, platform::Platform& platform, int num_steps,
                 const std::function<void()>& at_end) {
  metrics::Logger quiet(std::cout, {.quiet = true});
  const auto model = debug_model();
  train::Session session({.config = one.config,
                          .model = model,
                          .platform = platform,
                          .log = quiet,
                          .fsdp_blocks_per_unit = one.fsdp_blocks_per_unit});
  const int64_t num_rows = one.config.training.global_batch_size / session.batch_degree();
  for (int step = 1; step <= num_steps; ++step) {
    const auto batch =
        validate::rows(validate::synthetic_batch(step, kGlobalRows, one.config.training.seq_len, model.dims.vocab_size),
                       session.batch_rank() * num_rows, num_rows);
    train::train_step(session, batch, step, kLearningRate);
  }
  at_end();
}

trace::Trace record(const StepCase& one, int rank, const sim::DeviceOptions& options, int num_steps) {
  sim::SimPlatform platform({.rank = rank, .size = one.world_size, .local_rank = rank}, options);
  trace::Trace trace;
  train_steps(one, platform, num_steps, [&] { trace = platform.take_trace(); });
  return trace;
}

}  // namespace titan::test
