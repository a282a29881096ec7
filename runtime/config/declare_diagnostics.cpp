#include "runtime/config/declare.h"

namespace titan::config {

void declare_diagnostics(Schema& schema, JobConfig& config) {
  MetricsSection& metrics = config.metrics;
  schema.section("metrics", "what a run reports")
      .field("log_freq", metrics.log_freq, "steps between step lines; step 1 always has one", {.minimum = 1})
      .field("enable_tensorboard", metrics.enable_tensorboard, "write TensorBoard files")
      .field("disable_color_printing", metrics.disable_color_printing, "step lines without colours")
      .field("save_tb_folder", metrics.save_tb_folder, "where TensorBoard files go, in dump_folder")
      .field("save_for_all_ranks", metrics.save_for_all_ranks, "every rank writes them")
      .field("enable_wandb", metrics.enable_wandb, "send metrics to Weights & Biases");
  ProfilingSection& profiling = config.profiling;
  schema.section("profiling", "where time and memory go")
      .field("enable_profiling", profiling.enable_profiling, "write traces")
      .field("save_traces_folder", profiling.save_traces_folder, "where, in dump_folder")
      .field("profile_freq", profiling.profile_freq, "steps per cycle of waiting, warming up and tracing",
             {.minimum = 1})
      .field("profiler_active", profiling.profiler_active, "steps traced per cycle", {.minimum = 1})
      .field("profiler_warmup", profiling.profiler_warmup, "steps before them that warm the profiler up",
             {.minimum = 0})
      .field("enable_memory_snapshot", profiling.enable_memory_snapshot, "write the allocator's history")
      .field("save_memory_snapshot_folder", profiling.save_memory_snapshot_folder, "where, in dump_folder");
  DebugSection& debug = config.debug;
  schema.section("debug", "repeatable runs")
      .field("seed", debug.seed, "initial weights and random numbers; none: a new one each run")
      .field("deterministic", debug.deterministic, "only operators that repeat bit for bit")
      .field("deterministic_warn_only", debug.deterministic_warn_only, "name the others instead of failing")
      .field("moe_force_load_balance", debug.moe_force_load_balance, "send tokens to experts in turn");
  schema.section("memory_estimation", "the Python program's estimate; titan has `titan estimate`")
      .field("enable", config.memory_estimation.enable, "estimate memory instead of training; without effect here")
      .field("disable_fake_mode", config.memory_estimation.disable_fake_mode,
             "estimate with real tensors; without effect here");
}

}  // namespace titan::config
