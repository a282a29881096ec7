#pragma once

#include "runtime/nn/linear.h"

namespace titan::nn {

struct FeedForwardOptions {
  int64_t dim = 0;
  int64_t hidden = 0;
  InitRule init_in;   // w1
  InitRule init_out;  // w2 and w3
};

/// SwiGLU: w2(silu(w1 x) · w3 x), x [..., dim] -> [..., dim].
class FeedForward : public Module {
 public:
  FeedForward(Module* parent, const std::string& name, const FeedForwardOptions& options);
  at::Tensor forward(const at::Tensor& x) const;

 private:
  Linear w1_, w2_, w3_;
};

}  // namespace titan::nn
