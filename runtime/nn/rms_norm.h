#pragma once

#include "runtime/nn/module.h"

namespace titan::nn {

/// Root-mean-square normalisation of the last dim, times weight [dim] (ones at first).
class RMSNorm : public Module {
 public:
  RMSNorm(Module* parent, const std::string& name, int64_t dim, double eps);
  at::Tensor forward(const at::Tensor& x) const;

  struct AddResult {
    at::Tensor sum;     // x + y
    at::Tensor normed;  // forward(sum)
  };
  /// Normalises x + y, a residual and what is added to it, all of one shape. Hooks see what they see in forward(x + y):
  /// the input hook gets the sum, and the sum returned is the one before it.
  AddResult forward_sum(const at::Tensor& x, const at::Tensor& y) const;

 private:
  Parameter& weight_;
  double eps_;
};

}  // namespace titan::nn
