#include "tests/sim/device/record_step.h"

#include <algorithm>
#include <iostream>
#include <stdexcept>

#include "models/llama3/model.h"
#include "runtime/train/session.h"
#include "runtime/train/train_step.h"
#include "tests/support/small_llama.h"
#include "validate/divergence/synthetic_batch.h"

namespace titan::test {
namespace {

constexpr int kGlobalRows = 8;
constexpr double kLearningRate = 8e-4;

StepCase make_case(const std::string& name, int world_size, const std::function<void(config::JobConfig&)>& change) {
  StepCase one{.name = name, .world_size = world_size, .config = debug_config()};
  change(one.config);
  return one;
}

// The model has 6 blocks.
StepCase wrap(StepCase&& one, int64_t blocks_per_unit) {
  one.fsdp_blocks_per_unit = blocks_per_unit;
  return std::move(one);
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
  const auto batch = [](config::JobConfig& c, int local) { c.training.local_batch_size = local; };
  const auto checkpoint = [&](const std::string& mode, const std::string& option) {
    return make_case("checkpoint_" + mode + "_" + option, 1, [=](config::JobConfig& c) {
      c.activation_checkpoint.mode = mode;
      if (mode == "selective") c.activation_checkpoint.selective_ac_option = option;
      c.training.local_batch_size = kGlobalRows;
    });
  };
  return {
      make_case("plain", 1, [&](auto& c) { batch(c, 8); }),
      make_case("fsdp4", 4, [&](auto& c) { batch(c, 2); }),
      make_case("tp2", 2,
                [&](auto& c) {
                  batch(c, 8);
                  c.parallelism.tensor_parallel_degree = 2;
                  c.parallelism.data_parallel_shard_degree = 1;
                }),
      make_case("hsdp2x2_tp2", 8,
                [&](auto& c) {
                  batch(c, 2);
                  c.parallelism.data_parallel_replicate_degree = 2;
                  c.parallelism.data_parallel_shard_degree = 2;
                  c.parallelism.tensor_parallel_degree = 2;
                }),
      checkpoint("full", "all"),
      checkpoint("selective", "op"),
      checkpoint("selective", "2"),
      make_case("memory_budget", 1,
                [&](auto& c) {
                  batch(c, 8);
                  c.activation_checkpoint.mode = "memory_budget";
                  c.activation_checkpoint.memory_budget = 0.5;
                }),
      make_case("accumulation2", 1, [&](auto& c) { batch(c, 4); }),
      make_case("fsdp4_accumulation2", 4, [&](auto& c) { batch(c, 1); }),
      make_case("ddp2_full", 2,
                [&](auto& c) {
                  batch(c, 4);
                  c.parallelism.data_parallel_replicate_degree = 2;
                  c.parallelism.data_parallel_shard_degree = 1;
                  c.activation_checkpoint.mode = "full";
                }),
      make_case("early_step", 1,
                [&](auto& c) {
                  batch(c, 8);
                  c.optimizer.early_step_in_backward = true;
                }),
      wrap(make_case("fsdp4_blocks4_full", 4,
                     [&](auto& c) {
                       batch(c, 2);
                       c.activation_checkpoint.mode = "full";
                     }),
           4),
      wrap(make_case("hsdp2x2_blocks2_accumulation2", 4,
                     [&](auto& c) {
                       batch(c, 1);
                       c.parallelism.data_parallel_replicate_degree = 2;
                       c.parallelism.data_parallel_shard_degree = 2;
                     }),
           2),
  };
}

std::vector<StepCase> more_step_cases() {
  const auto bfloat16 = [](config::JobConfig& c) { c.training.mixed_precision_param = "bfloat16"; };
  const auto reduce_bfloat16 = [](config::JobConfig& c) { c.training.mixed_precision_reduce = "bfloat16"; };
  const auto tensor2 = [](config::JobConfig& c) {
    c.parallelism.tensor_parallel_degree = 2;
    c.parallelism.data_parallel_shard_degree = 1;
  };
  return {
      make_case("bfloat16", 1, bfloat16),
      make_case("bfloat16_fsdp4_tp2", 8,
                [=](auto& c) {
                  bfloat16(c);
                  c.parallelism.tensor_parallel_degree = 2;
                }),
      make_case("bfloat16_reshard_always", 4,
                [=](auto& c) {
                  bfloat16(c);
                  c.parallelism.fsdp_reshard_after_forward = "always";
                }),
      make_case("bfloat16_reshard_never", 4,
                [=](auto& c) {
                  bfloat16(c);
                  c.parallelism.fsdp_reshard_after_forward = "never";
                }),
      make_case("fused", 1, [](auto& c) { c.compile.enable = true; }),
      make_case("fused_tp2", 2,
                [=](auto& c) {
                  tensor2(c);
                  c.compile.enable = true;
                }),
      make_case("tp2_whole_logits", 2,
                [=](auto& c) {
                  tensor2(c);
                  c.parallelism.disable_loss_parallel = true;
                }),
      make_case("tp2_padded", 2,
                [=](auto& c) {
                  tensor2(c);
                  c.training.seq_len = 127;
                }),
      make_case("foreach", 1, [](auto& c) { c.optimizer.implementation = "foreach"; }),
      make_case("for_loop", 1, [](auto& c) { c.optimizer.implementation = "for-loop"; }),
      make_case("adam_fsdp4", 4, [](auto& c) { c.optimizer.name = "Adam"; }),
      make_case("hsdp2x2_early_step", 4,
                [](auto& c) {
                  c.parallelism.data_parallel_replicate_degree = 2;
                  c.parallelism.data_parallel_shard_degree = 2;
                  c.optimizer.early_step_in_backward = true;
                }),
      wrap(make_case("fsdp4_all_blocks_early_step", 4, [](auto& c) { c.optimizer.early_step_in_backward = true; }), 6),
      wrap(make_case("bfloat16_fsdp4_tp2_blocks5", 8,
                     [=](auto& c) {
                       bfloat16(c);
                       c.parallelism.tensor_parallel_degree = 2;
                     }),
           5),
      make_case("reduce_bfloat16", 1, reduce_bfloat16),
      make_case("reduce_bfloat16_fsdp4", 4, reduce_bfloat16),
      make_case("ddp4_accumulation2", 4,
                [](auto& c) {
                  c.parallelism.data_parallel_replicate_degree = 4;
                  c.parallelism.data_parallel_shard_degree = 1;
                }),
      make_case("reduce_bfloat16_ddp4", 4,
                [=](auto& c) {
                  reduce_bfloat16(c);
                  c.parallelism.data_parallel_replicate_degree = 4;
                  c.parallelism.data_parallel_shard_degree = 1;
                }),
      wrap(make_case("reduce_bfloat16_hsdp2x2_early_step", 4,
                     [=](auto& c) {
                       reduce_bfloat16(c);
                       c.parallelism.data_parallel_replicate_degree = 2;
                       c.parallelism.data_parallel_shard_degree = 2;
                       c.optimizer.early_step_in_backward = true;
                     }),
           2),
      make_case("uneven_fsdp3_tp2", 6,
                [=](auto& c) {
                  bfloat16(c);
                  c.parallelism.tensor_parallel_degree = 2;
                  c.training.global_batch_size = 6;
                  c.activation_checkpoint.mode = "full";
                }),
  };
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
