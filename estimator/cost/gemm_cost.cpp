#include "estimator/cost/gemm_cost.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "estimator/hardware/units.h"
#include "runtime/config/config_error.h"

namespace titan::cost {
namespace {

using hardware::kTera;

bool is_float8(const std::string& dtype) { return dtype.starts_with("float8"); }
bool is_half(const std::string& dtype) { return dtype == "bfloat16" || dtype == "float16"; }

double element_bytes(const std::string& dtype) {
  if (is_float8(dtype)) return 1;
  if (is_half(dtype)) return 2;
  return dtype == "float64" ? 8 : 4;
}

double power_share(const hardware::GpuSpec& gpu) {
  return std::pow(gpu.power.limit_w / gpu.power.gemm_reference_w, gpu.power.exponent);
}

/// FLOP/s inside full waves of the best tile.
double tile_rate(const hardware::GpuSpec& gpu, const std::string& dtype) {
  const double peak = peak_tflops(gpu, dtype) * kTera;  // first: throws where a part has no float8
  return peak * (is_float8(dtype) ? *gpu.gemm.float8_tile_share : gpu.gemm.bfloat16_tile_share);
}

/// FLOP/s that the power limit leaves to the best shape.
double sustained_rate(const hardware::GpuSpec& gpu, const std::string& dtype) {
  const double peak = peak_tflops(gpu, dtype) * kTera;
  const double share = is_float8(dtype) ? *gpu.gemm.float8_best_share : gpu.gemm.bfloat16_best_share;
  return std::min(peak * share * power_share(gpu), tile_rate(gpu, dtype));
}

double memory_rate(const hardware::GpuSpec& gpu) { return gpu.peak.hbm_tb_s * kTera * gpu.memory.efficiency; }

double tiles_seconds(const hardware::GpuSpec& gpu, const GemmShape& shape) {
  constexpr double kSplits[] = {1, 2, 4, 8, 16};
  constexpr double kLeastSplitK = 256;
  const double num_sms = static_cast<double>(gpu.num_sms);
  const double sm_rate = tile_rate(gpu, shape.dtype) / num_sms;
  double best = std::numeric_limits<double>::infinity();
  for (const auto& tile : gpu.gemm.tiles) {
    const double tiles = shape.batch * std::ceil(shape.m / tile.m) * std::ceil(shape.n / tile.n);
    for (const double split : kSplits) {
      if (split > 1 && shape.k / split < kLeastSplitK) break;
      const double waves = std::ceil(tiles * split / num_sms);
      const double one =
          2 * tile.m * tile.n * shape.k / split / (sm_rate * tile.rate) + gpu.gemm.tile_overhead_us * 1e-6;
      // Partial results in float32: written by each split, read once.
      const double partial_bytes = split > 1 ? 8 * split * shape.batch * shape.m * shape.n : 0;
      best = std::min(best, waves * one + partial_bytes / memory_rate(gpu));
    }
  }
  return best;
}

double flops(const GemmShape& shape) { return 2 * shape.batch * shape.m * shape.n * shape.k; }

double bytes(const GemmShape& shape) {
  const double width = element_bytes(shape.dtype);
  const double result_width = shape.accumulates_float32 ? 8 : is_float8(shape.dtype) ? 2 : width;
  return shape.batch * (width * (shape.m * shape.k + shape.k * shape.n) + result_width * shape.m * shape.n);
}

double model_seconds(const hardware::GpuSpec& gpu, const GemmShape& shape) {
  const double compute = std::max(tiles_seconds(gpu, shape), flops(shape) / sustained_rate(gpu, shape.dtype)) /
                         (shape.accumulates_float32 ? gpu.gemm.accumulate_rate : 1.0);
  return std::max(compute, bytes(shape) / memory_rate(gpu));
}

/// What no kernel can beat: the data sheet's rate and bandwidth.
double roofline_seconds(const hardware::GpuSpec& gpu, const GemmShape& shape) {
  return std::max(flops(shape) / (peak_tflops(gpu, shape.dtype) * kTera), bytes(shape) / (gpu.peak.hbm_tb_s * kTera));
}

/// How far apart two shapes are: the largest logarithm (base 2) of a ratio of extents.
double distance(const hardware::MeasuredGemm& measured, const GemmShape& shape) {
  double most = 0;
  for (const double ratio :
       {shape.batch / measured.batch, shape.m / measured.m, shape.n / measured.n, shape.k / measured.k}) {
    most = std::max(most, std::abs(std::log2(ratio)));
  }
  return most;
}

/// Measured over modelled time, from the measured shapes near `shape`.
struct Correction {
  double log_ratio = 0;
  double nearest = 1;  // distance; at 1 and beyond nothing is known
};

Correction correction(const hardware::GpuSpec& gpu, const GemmShape& shape) {
  Correction result;
  double weights = 0;
  for (const auto& measured : gpu.gemm.measured) {
    if (measured.dtype != shape.dtype) continue;
    const double apart = distance(measured, shape);
    if (apart >= 1) continue;
    const GemmShape there = {measured.dtype, measured.batch, measured.m, measured.n, measured.k, false};
    const double log_ratio = std::log(flops(there) / (measured.tflops * kTera) / model_seconds(gpu, there));
    if (apart == 0) return {log_ratio, 0};
    const double weight = (1 - apart) / apart;
    result.log_ratio += weight * log_ratio;
    weights += weight;
    result.nearest = std::min(result.nearest, apart);
  }
  if (weights > 0) result.log_ratio *= (1 - result.nearest) / weights;
  return result;
}

}  // namespace

double peak_tflops(const hardware::GpuSpec& gpu, const std::string& dtype) {
  if (is_half(dtype)) return gpu.peak.bfloat16_tflops;
  if (is_float8(dtype)) {
    if (gpu.peak.float8_tflops) return *gpu.peak.float8_tflops;
    throw config::ConfigError("peak.float8_tflops", "is not given: " + gpu.name + " has no float8 matrix products (" +
                                                        gpu.file.string() + ")");
  }
  return dtype == "float64" ? gpu.peak.float32_tflops / 2 : gpu.peak.float32_tflops;
}

GemmTime gemm_time(const hardware::GpuSpec& gpu, const GemmShape& shape) {
  if (flops(shape) == 0) return {};
  const Correction known = correction(gpu, shape);
  const double seconds = model_seconds(gpu, shape) * std::exp(known.log_ratio) / gpu.gemm.rate;
  GemmTime time = {.seconds = std::max(seconds, roofline_seconds(gpu, shape))};
  if (known.nearest == 0) time.evidence = replay::Evidence::measured;
  if (known.nearest > 0 && known.nearest < 1) time.evidence = replay::Evidence::interpolated;
  if (!is_float8(shape.dtype) && !is_half(shape.dtype)) time.evidence = replay::Evidence::roofline;
  return time;
}

}  // namespace titan::cost
