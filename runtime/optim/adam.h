#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "runtime/optim/optimizer_options.h"

namespace titan::optim {

/// One shard's part in a step. `value`, `exp_avg` and `exp_avg_sq` are alike; `grad` has their sizes and may have
/// another floating dtype; `step` counts the steps done (float32, no dims).
struct AdamItem {
  at::Tensor value;
  at::Tensor grad;
  at::Tensor exp_avg;
  at::Tensor exp_avg_sq;
  at::Tensor step;
};

/// What all elements of one shard share in one step t >= 1 (Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019
/// for the decoupled decay): m += (1-beta1)(g-m); v = beta2 v + (1-beta2) g^2; value -= lr/(1-beta1^t) m /
/// (sqrt(v)/sqrt(1-beta2^t) + eps).
struct AdamScalars {
  double beta2;
  double eps;
  double exp_avg_weight;         // 1 - beta1
  double exp_avg_sq_weight;      // 1 - beta2
  double grad_decay;             // the value's share in the gradient (Adam)
  double value_factor;           // 1 - lr * weight_decay (AdamW)
  double step_size;              // lr / (1 - beta1^t)
  double bias_correction2_sqrt;  // sqrt(1 - beta2^t)
};
AdamScalars adam_scalars(const OptimizerOptions& options, double lr, double step);

/// Each of these advances `step` by one and updates value, exp_avg and exp_avg_sq in place. for_loop and foreach
/// calculate in the value's dtype, rounding after every operation, a gradient of another dtype being cast to it; fused
/// calculates in float32 (float64 for float64 values) and rounds when it stores.
void adam_for_loop(const std::vector<AdamItem>& items, const OptimizerOptions& options, double lr);
void adam_foreach(const std::vector<AdamItem>& items, const OptimizerOptions& options, double lr);
void adam_fused(const std::vector<AdamItem>& items, const OptimizerOptions& options, double lr);

/// Advances a step counter in host memory and returns the new count.
double advance(const at::Tensor& step);

}  // namespace titan::optim
