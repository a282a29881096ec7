#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "estimator/hardware/deviation.h"
#include "estimator/hardware/row_reader.h"
#include "runtime/config/schema.h"

namespace titan::hardware {

/// Whether a file's free factors were fitted to measurements, and to which.
struct Calibration {
  bool calibrated = false;
  std::string statement;  // how, against what, when; or why not
};

/// An output tile of a matmul kernel and its rate relative to the best tile's.
struct GemmTile {
  double m = 0, n = 0, rate = 0;
};

/// One measured matmul: dtype, extents and TFLOP/s, running alone.
struct MeasuredGemm {
  std::string dtype;
  double batch = 1, m = 0, n = 0, k = 0, tflops = 0;
};

/// TFLOP/s of one attention kernel over sequence length, at 16384 tokens and 2048 channels, causal work counted half.
struct AttentionCurve {
  enum class Pass { forward, backward, both };
  std::string backend;  // "fa2"
  Pass pass = Pass::forward;
  bool causal = true;
  double head_size = 128;
  bool measured = true;  // on this part; else derived from another's
  Curve tflops;
};

/// Rate of one operator relative to an element-wise one of the same bytes.
struct OpRate {
  std::string name;
  double rate = 1.0;
};

/// A number that calibration may move, and how far it can physically go.
struct FreeFactor {
  std::string key;  // "gemm.rate"
  double low = 0, high = 0;
};

/// One kind of GPU as it trains: sheet values, measured curves, and rates. Meanings, units and ranges of the keys:
/// declare_numbers(); sources: the comments in configs/hardware/*.toml.
struct GpuSpec {
  std::filesystem::path file;

  std::string name, cluster, architecture;
  double memory_gib = 0;
  int64_t num_sms = 0;

  struct Peak {
    double bfloat16_tflops = 0, float32_tflops = 0, hbm_tb_s = 0;
    std::optional<double> float8_tflops;
  } peak;
  struct Power {
    double limit_w = 0, exponent = 0, gemm_reference_w = 0, attention_reference_w = 0;
  } power;
  struct Gemm {
    double bfloat16_best_share = 0, bfloat16_tile_share = 0;
    std::optional<double> float8_best_share, float8_tile_share;
    double rate = 0, accumulate_rate = 0, tile_overhead_us = 0;
    std::vector<GemmTile> tiles;
    std::vector<MeasuredGemm> measured;
  } gemm;
  struct Attention {
    double rate = 0, backward_share = 0, forward_tile_rows = 0, backward_tile_rows = 0;
    std::vector<AttentionCurve> curves;
  } attention;
  struct Memory {
    double efficiency = 0;
    Curve size_steps;  // bytes -> share of the efficiency
    double kernel_us = 0;
    std::vector<OpRate> op_rates;
  } memory;
  struct Host {  // the machine that drives the GPU
    int64_t gpus = 0;
    double link_gb_s = 0, memory_gb_s = 0, optimizer_share = 0;
  } host;
  struct Interference {
    double sms_per_communication = 0, memory_share = 0;
  } interference;
  struct Deviation {  // relative standard deviations
    double part = 0, kernel = 0, host_link = 0, host_memory = 0;
    ByEvidence gemm, attention, memory;
  } deviation;

  Calibration calibration;
  std::vector<FreeFactor> free;
};

/// Binds the numbers of `gpu` to their keys: what calibration can move, by name.
void declare_numbers(config::Schema& schema, GpuSpec& gpu);

/// Bytes per second of a copy between pinned host memory and one GPU while all GPUs of the host copy, and of the host's
/// work for one GPU on its memory while it works for all.
double host_copy_rate(const GpuSpec& gpu);
double host_work_rate(const GpuSpec& gpu);

/// Loads configs/hardware/<name>.toml. Throws ConfigError.
GpuSpec load_gpu(const std::string& where, const std::string& name, const std::filesystem::path& folder);

}  // namespace titan::hardware
