#include "estimator/hardware/gpu_spec.h"

#include "estimator/hardware/spec_file.h"
#include "runtime/config/config_error.h"

namespace titan::hardware {
namespace {

/// The tables of a file as text, before they are read.
struct GpuTables {
  config::TextList tiles, measured, curves, op_rates, free;
  std::string size_steps;
};

void declare_gemm(config::Schema& schema, GpuSpec::Gemm& gemm) {
  schema.section("gemm", "matrix products")
      .field("bfloat16_best", gemm.bfloat16_best, "share of the peak that the best shape holds at its power", share())
      .field("bfloat16_tile", gemm.bfloat16_tile, "share of the peak inside full waves of tiles, power not limiting",
             share())
      .field("float8_best", gemm.float8_best, "the same for float8", share())
      .field("float8_tile", gemm.float8_tile, "the same for float8", share())
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
      .field("forward_tile", gpu.attention.forward_tile, "queries per work item, forward", between(16, 1024, "rows"))
      .field("backward_tile", gpu.attention.backward_tile, "keys per work item, backward", between(16, 1024, "rows"));
  schema.section("memory", "operations bound by memory traffic")
      .field("efficiency", gpu.memory.efficiency, "share of hbm_tb_s that large tensors reach", share())
      .field("kernel_us", gpu.memory.kernel_us, "start and end of one kernel", between(0.2, 50, "us"));
  schema.section("interference", "computation while communication runs")
      .field("sms_per_communication", gpu.interference.sms_per_communication, "multiprocessors that one collective holds",
             between(1, 64, "multiprocessors"))
      .field("memory_share", gpu.interference.memory_share, "memory bandwidth that one collective takes", share());
  schema.section("deviation", "relative standard deviations of what is stated here")
      .field("part", gpu.deviation.part, "between parts and between runs", share())
      .field("gemm", gpu.deviation.gemm, "matmul rate away from measured shapes", share())
      .field("attention", gpu.deviation.attention, "attention rate", share())
      .field("memory", gpu.deviation.memory, "memory bandwidth", share())
      .field("kernel", gpu.deviation.kernel, "fixed time of kernels", share());
}

void declare_tables(config::Schema& schema, GpuSpec& gpu, GpuTables& tables) {
  schema.section("gpu").field("name", gpu.name, "what the part is called", {.not_empty = true});
  schema.section("gpu").field("cluster", gpu.cluster, "default cluster", {.not_empty = true});
  schema.section("gpu").field("architecture", gpu.architecture, "generation",
                              {.choices = {"ampere", "hopper", "blackwell", "cdna3"}});
  schema.section("gemm").field("tiles", tables.tiles, "'rows columns relative-rate'", {.not_empty = true});
  schema.section("gemm").field("measured", tables.measured, "'dtype batch M N K TFLOP/s'");
  schema.section("attention")
      .field("curves", tables.curves, "'backend pass mask head-size origin length:TFLOP/s ...'", {.not_empty = true});
  schema.section("memory").field("size_steps", tables.size_steps, "'bytes:share ...' of the efficiency");
  schema.section("memory").field("op_rates", tables.op_rates, "'operator relative-rate'");
  schema.section("calibration", "where the free factors come from")
      .field("calibrated", gpu.calibration.calibrated, "fitted to measurements")
      .field("statement", gpu.calibration.statement, "against what, or why not", {.not_empty = true})
      .field("free", tables.free, "'key low high': factors that a fit may move");
}

class TableReader {
 public:
  explicit TableReader(GpuSpec& gpu) : gpu_(gpu) {}

  void read(const GpuTables& tables) {
    each("gemm.tiles", tables.tiles, [this](RowReader& row) {
      gpu_.gemm.tiles.push_back({.m = row.number("rows", 1, 4096),
                                 .n = row.number("columns", 1, 4096),
                                 .rate = row.number("relative rate", 0.01, 1.0)});
    });
    each("gemm.measured", tables.measured, [this](RowReader& row) { read_gemm(row); });
    each("attention.curves", tables.curves, [this](RowReader& row) { read_curve(row); });
    each("memory.op_rates", tables.op_rates, [this](RowReader& row) {
      const std::string name = row.word("an operator");
      gpu_.memory.op_rates.push_back({name, row.number("relative rate", 0.01, 1.0)});
    });
    RowReader steps("memory.size_steps", gpu_.file.string(), tables.size_steps);
    gpu_.memory.size_steps = steps.curve("share", 0.01, 1.0);
    each("calibration.free", tables.free, [this](RowReader& row) { read_factor(row); });
  }

 private:
  template <class Read>
  void each(const char* key, const config::TextList& rows, Read read) {
    for (const auto& text : rows) {
      RowReader row(key, gpu_.file.string(), text);
      read(row);
      row.end();
    }
  }

  void read_gemm(RowReader& row) {
    MeasuredGemm gemm;
    gemm.dtype = row.choice("dtype", {"bfloat16", "float16", "float8_e4m3fn"});
    const bool is_float8 = gemm.dtype == "float8_e4m3fn";
    if (is_float8 && !gpu_.peak.float8_tflops) row.fail("needs peak.float8_tflops");
    gemm.batch = row.number("batch", 1, 65536);
    gemm.m = row.number("M", 1, 1e9);
    gemm.n = row.number("N", 1, 1e9);
    gemm.k = row.number("K", 1, 1e9);
    const double peak = is_float8 ? *gpu_.peak.float8_tflops : gpu_.peak.bfloat16_tflops;
    gemm.tflops = row.number("TFLOP/s", 0.1, peak);
    gpu_.gemm.measured.push_back(gemm);
  }

  void read_curve(RowReader& row) {
    AttentionCurve curve;
    curve.backend = row.choice("backend", {"fa2", "fa3", "cudnn", "triton", "ck"});
    const std::string pass = row.choice("pass", {"forward", "backward", "both"});
    curve.pass = pass == "forward"    ? AttentionCurve::Pass::forward
                 : pass == "backward" ? AttentionCurve::Pass::backward
                                      : AttentionCurve::Pass::both;
    curve.causal = row.choice("mask", {"causal", "full"}) == "causal";
    curve.head_size = row.number("head size", 16, 512);
    curve.measured = row.choice("origin", {"measured", "derived"}) == "measured";
    curve.tflops = row.curve("TFLOP/s", 1.0, gpu_.peak.bfloat16_tflops);
    gpu_.attention.curves.push_back(std::move(curve));
  }

  void read_factor(RowReader& row) {
    FreeFactor factor;
    factor.key = row.word("a key");
    factor.low = row.number("lower bound", 1e-6, 1e6);
    factor.high = row.number("upper bound", factor.low * 1.001, 1e6);
    gpu_.free.push_back(factor);
  }

  GpuSpec& gpu_;
};

void check(const GpuSpec& gpu) {
  const auto fail = [&gpu](const char* key, const std::string& message) {
    throw config::ConfigError(key, message + " (" + gpu.file.string() + ")");
  };
  const bool any_float8 = gpu.peak.float8_tflops || gpu.gemm.float8_best || gpu.gemm.float8_tile;
  const bool all_float8 = gpu.peak.float8_tflops && gpu.gemm.float8_best && gpu.gemm.float8_tile;
  if (any_float8 && !all_float8) {
    fail("peak.float8_tflops", "goes with gemm.float8_best and gemm.float8_tile: give all three or none");
  }
  if (gpu.context_gib >= gpu.memory_gib) fail("gpu.context_gib", "must be below gpu.memory_gib");
}

}  // namespace

void declare_numbers(config::Schema& schema, GpuSpec& gpu) {
  schema.section("gpu", "the part")
      .field("memory_gib", gpu.memory_gib, "device memory that a process sees", between(8, 1024, "GiB"))
      .field("context_gib", gpu.context_gib, "of it: context and modules of a process", between(0.05, 10, "GiB"))
      .field("cublas_workspace_mib", gpu.cublas_workspace_mib, "workspace per cuBLAS handle and stream",
             between(0.5, 256, "MiB"))
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
      .field("gemm_reference_w", gpu.power.gemm_reference_w, "limit behind gemm.*_best", between(50, 3000, "W"))
      .field("attention_reference_w", gpu.power.attention_reference_w, "limit behind the attention curves",
             between(50, 3000, "W"));
  declare_gemm(schema, gpu.gemm);
  declare_rest(schema, gpu);
}

GpuSpec load_gpu(const std::string& where, const std::string& name, const std::filesystem::path& folder) {
  GpuSpec gpu;
  GpuTables tables;
  config::Schema schema;
  declare_numbers(schema, gpu);
  declare_tables(schema, gpu, tables);
  gpu.file = load_spec_file(schema, where, name, folder);
  TableReader(gpu).read(tables);
  check(gpu);
  return gpu;
}

}  // namespace titan::hardware
