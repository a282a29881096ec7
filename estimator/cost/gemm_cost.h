#pragma once

#include <string>

#include "estimator/hardware/gpu_spec.h"
#include "sim/replay/cost_model.h"

namespace titan::cost {

/// `batch` products of [M, K] by [K, N].
struct GemmShape {
  std::string dtype;  // of the factors
  double batch = 1, m = 0, n = 0, k = 0;
  bool accumulates_float32 = false;  // adds into a float32 result
};

struct GemmTime {
  double seconds = 0;  // without the kernel's fixed time
  replay::Evidence evidence = replay::Evidence::model;
};

/// Dense matrix rate of the data sheet, TFLOP/s. Vector rate for float32 and half of it for float64 (no tensor cores:
/// PyTorch's default). Throws ConfigError for float8 on a part that has none.
double peak_tflops(const hardware::GpuSpec& gpu, const std::string& dtype);

/// Prices a matmul as the slowest of three limits, divided by gemm.rate:
/// 1. tiles: over the tile sizes and splits of K, whole waves of tiles on the multiprocessors; each takes its products
///    at the tile rate plus a fixed start and end. Source: the wave staircase of ml-engineering's performance chapter;
///    loss at small K as in DeepGEMM's table, from which tile_overhead_us and float8_tile_share are derived
///    (tests/estimator/cost/gemm_cost_test.cpp has the nine shapes).
/// 2. power: 2 M N K at gemm.*_best_share of the peak, times (limit / reference) ^ exponent. Idle tiles leave power to
///    the others, so a staircase below this limit does not show.
/// 3. memory: each factor once, the result once.
/// A measured shape replaces the model; shapes within a factor 2 in every extent are corrected by the measured ratio to
/// the model, fading with distance. Without measured shapes the time is monotone in every extent. Never faster than the
/// data sheet's matrix rate or memory bandwidth. float32 and float64 have no figures of their own: roofline.
GemmTime gemm_time(const hardware::GpuSpec& gpu, const GemmShape& shape);

}  // namespace titan::cost
