#include "estimator/hardware/gpu_spec.h"

#include <algorithm>

#include "estimator/hardware/gpu_tables.h"
#include "estimator/hardware/spec_file.h"
#include "estimator/hardware/units.h"
#include "runtime/config/config_error.h"

namespace titan::hardware {
namespace {

void declare_gemm(config::Schema& schema, GpuSpec::Gemm& gemm) {
  schema.section("gemm", "matrix products")
      .field("bfloat16_best_share", gemm.bfloat16_best_share,
             "share of the peak that the best shape holds at its power", share())
      .field("bfloat16_tile_share", gemm.bfloat16_tile_share,
             "share of the peak inside full waves of tiles, power not limiting", share())
      .field("float8_best_share", gemm.float8_best_share, "the same for float8", share())
      .field("float8_tile_share", gemm.float8_tile_share, "the same for float8", share())
      .field("rate", gemm.rate, "rate within a training step relative to alone", between(0.3, 1.5, ""))
      .field("accumulate_rate", gemm.accumulate_rate, "relative rate with float32 accumulation into the output",
             share())
      .field("tile_overhead_us", gemm.tile_overhead_us, "start and end of one tile", between(0.1, 20, "us"));
}

void declare_rest(config::Schema& schema, GpuSpec& gpu) {
  schema.section("attention", "fused attention")
      .field("rate", gpu.attention.rate, "rate within a training step relative to the curves", between(0.3, 1.5, ""))
      .field("backward_share", gpu.attention.backward_share, "backward rate over forward where no curve has it",
             share())
      .field("forward_tile_rows", gpu.attention.forward_tile_rows, "queries per work item, forward",
             between(16, 1024, "rows"))
      .field("backward_tile_rows", gpu.attention.backward_tile_rows, "keys per work item, backward",
             between(16, 1024, "rows"));
  schema.section("memory", "operations bound by memory traffic")
      .field("efficiency", gpu.memory.efficiency, "share of hbm_tb_s that large tensors reach", share())
      .field("kernel_us", gpu.memory.kernel_us, "start and end of one kernel", between(0.2, 50, "us"));
  schema.section("host", "the machine that drives the GPUs, for work on offloaded state")
      .field("gpus", gpu.host.gpus, "GPUs that share it", between(1, 16, "GPUs"))
      .field("link_gb_s", gpu.host.link_gb_s, "copies between its pinned memory and one GPU, one direction",
             between(3, 1000, "GB/s"))
      .field("memory_gb_s", gpu.host.memory_gb_s, "bandwidth of its memory, all sockets", between(20, 5000, "GB/s"))
      .field("optimizer_share", gpu.host.optimizer_share, "share of it that the optimizer reaches", share());
  schema.section("interference", "computation while communication runs")
      .field("sms_per_communication", gpu.interference.sms_per_communication,
             "multiprocessors that one collective holds", between(1, 64, "multiprocessors"))
      .field("memory_share", gpu.interference.memory_share, "memory bandwidth that one collective takes", share());
  schema.section("deviation", "relative standard deviations of what is stated here")
      .field("part", gpu.deviation.part, "between parts and between runs", deviation_rules())
      .field("kernel", gpu.deviation.kernel, "fixed time of kernels", deviation_rules())
      .field("host_link", gpu.deviation.host_link, "copies to and from the host", deviation_rules())
      .field("host_memory", gpu.deviation.host_memory, "the host's work on its memory", deviation_rules());
  using replay::Evidence;
  declare_deviation(schema, "gemm", gpu.deviation.gemm,
                    {Evidence::measured, Evidence::interpolated, Evidence::model, Evidence::roofline});
  declare_deviation(schema, "attention", gpu.deviation.attention,
                    {Evidence::interpolated, Evidence::model, Evidence::roofline});
  declare_deviation(schema, "memory", gpu.deviation.memory, {Evidence::model, Evidence::roofline});
}

void declare_facts(config::Schema& schema, GpuSpec& gpu) {
  schema.section("gpu").field("name", gpu.name, "what the part is called", {.not_empty = true});
  schema.section("gpu").field("cluster", gpu.cluster, "default cluster", {.not_empty = true});
  schema.section("gpu").field("architecture", gpu.architecture, "generation",
                              {.choices = {"ampere", "hopper", "blackwell", "cdna3"}});
  schema.section("calibration", "where the free factors come from")
      .field("calibrated", gpu.calibration.calibrated, "fitted to measurements")
      .field("statement", gpu.calibration.statement, "against what, or why not", {.not_empty = true});
}

void check(const GpuSpec& gpu) {
  const bool any_float8 = gpu.peak.float8_tflops || gpu.gemm.float8_best_share || gpu.gemm.float8_tile_share;
  const bool all_float8 = gpu.peak.float8_tflops && gpu.gemm.float8_best_share && gpu.gemm.float8_tile_share;
  if (any_float8 && !all_float8) {
    throw config::ConfigError("peak.float8_tflops",
                              "goes with gemm.float8_best_share and gemm.float8_tile_share: give all three or none (" +
                                  gpu.file.string() + ")");
  }
}

}  // namespace

void declare_numbers(config::Schema& schema, GpuSpec& gpu) {
  schema.section("gpu", "the part")
      .field("memory_gib", gpu.memory_gib, "device memory that a process sees", between(8, 1024, "GiB"))
      .field("num_sms", gpu.num_sms, "multiprocessors", between(8, 1000, ""));
  schema.section("peak", "dense rates of the data sheet")
      .field("bfloat16_tflops", gpu.peak.bfloat16_tflops, "bfloat16 and float16 matrix rate",
             between(30, 10000, "TFLOP/s"))
      .field("float8_tflops", gpu.peak.float8_tflops, "float8 matrix rate", between(60, 20000, "TFLOP/s"))
      .field("float32_tflops", gpu.peak.float32_tflops, "float32 vector rate", between(4, 400, "TFLOP/s"))
      .field("hbm_tb_s", gpu.peak.hbm_tb_s, "memory bandwidth", between(0.3, 40, "TB/s"));
  schema.section("power", "the power limit and the ones that figures were measured at")
      .field("limit_w", gpu.power.limit_w, "power limit", between(50, 3000, "W"))
      .field("exponent", gpu.power.exponent, "power-limited rate ~ limit ^ exponent", between(0.3, 1.2, ""))
      .field("gemm_reference_w", gpu.power.gemm_reference_w, "limit behind gemm.*_best_share", between(50, 3000, "W"))
      .field("attention_reference_w", gpu.power.attention_reference_w, "limit behind the attention curves",
             between(50, 3000, "W"));
  declare_gemm(schema, gpu.gemm);
  declare_rest(schema, gpu);
}

double host_work_rate(const GpuSpec& gpu) {
  return gpu.host.memory_gb_s * kGiga * gpu.host.optimizer_share / static_cast<double>(gpu.host.gpus);
}

double host_copy_rate(const GpuSpec& gpu) {
  return std::min(gpu.host.link_gb_s * kGiga, gpu.host.memory_gb_s * kGiga / static_cast<double>(gpu.host.gpus));
}

GpuSpec load_gpu(const std::string& where, const std::string& name, const std::filesystem::path& folder) {
  GpuSpec gpu;
  GpuTables tables;
  config::Schema schema;
  declare_numbers(schema, gpu);
  declare_facts(schema, gpu);
  declare_tables(schema, tables);
  gpu.file = load_spec_file(schema, where, name, folder);
  read_tables(tables, gpu);
  check(gpu);
  return gpu;
}

}  // namespace titan::hardware
