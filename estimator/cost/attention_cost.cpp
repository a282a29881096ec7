#include "estimator/cost/attention_cost.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "estimator/cost/curve.h"
#include "estimator/cost/gemm_cost.h"
#include "estimator/hardware/units.h"
#include "runtime/config/config_error.h"

namespace titan::cost {
namespace {

using hardware::AttentionCurve;
using Pass = AttentionCurve::Pass;

using hardware::kTera;
constexpr double kBackwardOverForward = 2.5;  // FLOPs
constexpr double kCurveTokens = 16384, kCurveChannels = 2048;

/// The curve of a pass whose head size is the smallest that holds `shape`'s, else the largest.
const AttentionCurve* find(const hardware::GpuSpec& gpu, const AttentionShape& shape, Pass pass, bool causal) {
  const AttentionCurve* best = nullptr;
  const auto misfit = [&shape](const AttentionCurve& curve) {
    const double ratio = curve.head_size / shape.head_size;
    return ratio >= 1 ? ratio : 1e6 / ratio;
  };
  for (const auto& curve : gpu.attention.curves) {
    if (curve.backend != shape.backend || curve.pass != pass || curve.causal != causal) continue;
    if (!best || misfit(curve) < misfit(*best)) best = &curve;
  }
  return best;
}

/// TFLOP/s of a curve for heads of `shape`'s size, which fill only part of wider tiles.
double read(const AttentionCurve& curve, const AttentionShape& shape) {
  return at(curve.tflops, shape.keys) * std::min(1.0, shape.head_size / curve.head_size);
}

/// A rate and whether it was measured rather than derived.
struct Rate {
  double tflops = 0;
  bool measured = false;
};

Rate read_rate(const AttentionCurve& curve, const AttentionShape& shape) {
  const bool inside = shape.keys >= curve.tflops.front().first && shape.keys <= curve.tflops.back().first;
  return {.tflops = read(curve, shape), .measured = curve.measured && inside && curve.head_size == shape.head_size};
}

/// Rate of one pass with the given mask, if the curves say it.
std::optional<Rate> curve_rate(const hardware::GpuSpec& gpu, const AttentionShape& shape, bool causal) {
  const AttentionCurve* forward = find(gpu, shape, Pass::forward, causal);
  if (!shape.backward) return forward ? std::optional(read_rate(*forward, shape)) : std::nullopt;
  if (const AttentionCurve* backward = find(gpu, shape, Pass::backward, causal)) return read_rate(*backward, shape);
  if (!forward) return {};
  if (const AttentionCurve* both = find(gpu, shape, Pass::both, causal)) {
    // Time per forward FLOP of both passes, less the forward pass's.
    const double seconds = (1 + kBackwardOverForward) / read(*both, shape) - 1 / read(*forward, shape);
    const bool known = read_rate(*both, shape).measured && read_rate(*forward, shape).measured;
    if (seconds > 0) return Rate{kBackwardOverForward / seconds, known};
  }
  return Rate{read(*forward, shape) * gpu.attention.backward_share, false};
}

/// Mean number of multiprocessors busy, as a share, with `items` work items. Items of causal attention take from almost
/// nothing to twice the mean; handed out longest first, the last ones end half a mean item after each other.
double occupancy(double items, double num_sms, bool causal) {
  const double mean = items / num_sms;
  const double longest = causal ? std::max(2.0, mean + 0.5) : std::ceil(mean);
  return mean / longest;
}

double relative_occupancy(const hardware::GpuSpec& gpu, const AttentionShape& shape) {
  const double tile = shape.backward ? gpu.attention.backward_tile_rows : gpu.attention.forward_tile_rows;
  const double rows = shape.backward ? shape.keys : shape.queries;
  const double items = shape.batch * shape.query_heads * std::ceil(rows / tile);
  const double curve_items = kCurveTokens / tile * std::max(1.0, kCurveChannels / shape.head_size);
  const double num_sms = static_cast<double>(gpu.num_sms);
  return occupancy(items, num_sms, shape.causal) / occupancy(curve_items, num_sms, shape.causal);
}

double bytes_moved(const AttentionShape& shape) {
  const double query = shape.batch * shape.query_heads * shape.queries * shape.head_size;
  const double key = shape.batch * shape.key_heads * shape.keys * shape.head_size;
  const double width = shape.dtype == "float32" ? 4 : 2;
  return width * (2 * query + 2 * key) * (shape.backward ? 2 : 1);
}

}  // namespace

double attention_flops(const AttentionShape& shape) {
  const double forward =
      4 * shape.batch * shape.query_heads * shape.queries * shape.keys * shape.head_size * (shape.causal ? 0.5 : 1.0);
  return shape.backward ? kBackwardOverForward * forward : forward;
}

bool has_attention(const hardware::GpuSpec& gpu, const std::string& backend) {
  return std::any_of(gpu.attention.curves.begin(), gpu.attention.curves.end(),
                     [&backend](const auto& curve) { return curve.backend == backend && curve.pass == Pass::forward; });
}

AttentionTime attention_time(const hardware::GpuSpec& gpu, const AttentionShape& shape) {
  if (attention_flops(shape) == 0) return {};
  auto curve = curve_rate(gpu, shape, shape.causal);
  if (!curve) {
    curve = curve_rate(gpu, shape, !shape.causal);
    if (curve) curve->measured = false;
  }
  if (!curve) {
    throw config::ConfigError("attention.curves",
                              "has no forward curve of '" + shape.backend + "' (" + gpu.file.string() + ")");
  }
  const double power = std::pow(gpu.power.limit_w / gpu.power.attention_reference_w, gpu.power.exponent);
  const double slower = peak_tflops(gpu, shape.dtype) / gpu.peak.bfloat16_tflops;  // float32 has no tensor cores
  const double occupied = relative_occupancy(gpu, shape);
  const double rate = curve->tflops * std::min(1.0, slower) * power * occupied * gpu.attention.rate;
  const double compute = attention_flops(shape) / (std::min(rate, peak_tflops(gpu, shape.dtype)) * kTera);
  const bool as_measured = curve->measured && power == 1 && slower == 1 && std::abs(occupied - 1) < 0.1;
  AttentionTime time;
  time.seconds = std::max(compute, bytes_moved(shape) / (gpu.peak.hbm_tb_s * kTera * gpu.memory.efficiency));
  if (as_measured) time.evidence = replay::Evidence::interpolated;
  if (slower < 1) time.evidence = replay::Evidence::roofline;
  return time;
}

}  // namespace titan::cost
