#pragma once

#include <string>

#include "estimator/hardware/gpu_spec.h"
#include "sim/replay/cost_model.h"

namespace titan::cost {

/// Fused attention of one call.
struct AttentionShape {
  std::string backend, dtype;
  double batch = 1, query_heads = 0, key_heads = 0, queries = 0, keys = 0, head_size = 0;
  bool causal = true, backward = false;
};

struct AttentionTime {
  double seconds = 0;  // without the kernel's fixed time
  /// Interpolated: between points measured on this part, at its power, near the occupancy of the curve. Roofline:
  /// float32, for which no curve exists, at the curve's share of the vector rate.
  replay::Evidence evidence = replay::Evidence::model;
};

/// 4 B H Sq Sk D, half of it if causal, 2.5 times for backward (five products instead of two): the convention of
/// FlashAttention's figures, which the curves are in.
double attention_flops(const AttentionShape& shape);

/// Prices attention from the measured curve of its kernel, direction, mask and head size over the number of keys, times
/// - power: (limit / reference) ^ exponent;
/// - occupancy relative to the curves' 16384 tokens and 2048 channels: batch * heads * rows / tile work items on the
///   multiprocessors; causal items differ in length, the longest is twice the mean. Few heads per rank lose as
///   SimuMax's tables show (B200, 4096 tokens: 4 heads reach 0.20 of what 64 do, backward 0.48);
/// - attention.rate.
/// A head size between those of the curves fills the next larger one's tiles. Where no curve has the mask, the other's
/// is used; backward comes from a backward curve, from forward-and-backward less forward, or from backward_share.
/// Never faster than memory or the peak allow. Throws ConfigError where the file has no curve of the kernel.
AttentionTime attention_time(const hardware::GpuSpec& gpu, const AttentionShape& shape);

/// Whether the file has a curve of `backend`.
bool has_attention(const hardware::GpuSpec& gpu, const std::string& backend);

}  // namespace titan::cost
