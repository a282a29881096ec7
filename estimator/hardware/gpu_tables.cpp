#include "estimator/hardware/gpu_tables.h"

#include "estimator/hardware/row_reader.h"

namespace titan::hardware {
namespace {

// Rates below this share of the peak are taken for a wrong unit.
constexpr double kLeastShareOfPeak = 0.005;

class TableReader {
 public:
  explicit TableReader(GpuSpec& gpu) : gpu_(gpu) {}

  template <class Read>
  void each(const char* key, const config::TextList& rows, Read read) const {
    for (const auto& text : rows) {
      RowReader row(key, gpu_.file.string(), text);
      (this->*read)(row);
      row.end();
    }
  }

  void tile(RowReader& row) const {
    gpu_.gemm.tiles.push_back({.m = row.number("rows", 8, 1024),
                               .n = row.number("columns", 8, 1024),
                               .rate = row.number("relative rate", 0.01, 1.0)});
  }

  void gemm(RowReader& row) const {
    MeasuredGemm gemm;
    gemm.dtype = row.choice("dtype", {"bfloat16", "float16", "float8_e4m3fn"});
    const bool is_float8 = gemm.dtype == "float8_e4m3fn";
    if (is_float8 && !gpu_.peak.float8_tflops) row.fail("needs peak.float8_tflops");
    gemm.batch = row.number("batch", 1, 65536);
    gemm.m = row.number("M", 1, 1e9);
    gemm.n = row.number("N", 1, 1e9);
    gemm.k = row.number("K", 1, 1e9);
    const double peak = is_float8 ? *gpu_.peak.float8_tflops : gpu_.peak.bfloat16_tflops;
    gemm.tflops = row.number("TFLOP/s", kLeastShareOfPeak * peak, peak);
    gpu_.gemm.measured.push_back(gemm);
  }

  void curve(RowReader& row) const {
    AttentionCurve curve;
    curve.backend = row.choice("backend", {"fa2", "fa3", "cudnn", "triton", "ck"});
    const std::string pass = row.choice("pass", {"forward", "backward", "both"});
    curve.pass = pass == "forward"    ? AttentionCurve::Pass::forward
                 : pass == "backward" ? AttentionCurve::Pass::backward
                                      : AttentionCurve::Pass::both;
    curve.causal = row.choice("mask", {"causal", "full"}) == "causal";
    curve.head_size = row.number("head size", 16, 512);
    curve.measured = row.choice("origin", {"measured", "derived"}) == "measured";
    const double peak = gpu_.peak.bfloat16_tflops;
    curve.tflops = row.curve("TFLOP/s", kLeastShareOfPeak * peak, peak);
    gpu_.attention.curves.push_back(std::move(curve));
  }

  void op_rate(RowReader& row) const {
    const std::string name = row.word("an operator");
    gpu_.memory.op_rates.push_back({name, row.number("relative rate", 0.01, 1.0)});
  }

  void factor(RowReader& row) const {
    FreeFactor factor;
    factor.key = row.word("a key");
    factor.low = row.number("lower bound", 1e-6, 1e6);
    factor.high = row.number("upper bound", factor.low * 1.001, 1e6);
    gpu_.free.push_back(factor);
  }

 private:
  GpuSpec& gpu_;
};

}  // namespace

void declare_tables(config::Schema& schema, GpuTables& tables) {
  schema.section("gemm").field("tiles", tables.tiles, "'rows columns relative-rate'", {.not_empty = true});
  schema.section("gemm").field("measured", tables.measured, "'dtype batch M N K TFLOP/s'");
  schema.section("attention")
      .field("curves", tables.curves, "'backend pass mask head-size origin length:TFLOP/s ...'", {.not_empty = true});
  schema.section("memory")
      .field("size_steps", tables.size_steps, "'bytes:share ...' of the efficiency", {.not_empty = true})
      .field("op_rates", tables.op_rates, "'operator relative-rate'");
  schema.section("calibration").field("free", tables.free, "'key low high': factors that a fit may move");
}

void read_tables(const GpuTables& tables, GpuSpec& gpu) {
  const TableReader reader(gpu);
  reader.each("gemm.tiles", tables.tiles, &TableReader::tile);
  reader.each("gemm.measured", tables.measured, &TableReader::gemm);
  reader.each("attention.curves", tables.curves, &TableReader::curve);
  reader.each("memory.op_rates", tables.op_rates, &TableReader::op_rate);
  reader.each("calibration.free", tables.free, &TableReader::factor);
  RowReader steps("memory.size_steps", gpu.file.string(), tables.size_steps);
  gpu.memory.size_steps = steps.curve("share", 0.01, 1.0);
}

}  // namespace titan::hardware
