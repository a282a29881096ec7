#pragma once

#include "runtime/nn/module.h"

namespace titan::nn {

/// A projection without bias: x [..., in] -> [..., out]; its parameter is weight [out, in].
class Linear : public Module {
 public:
  Linear(Module* parent, const std::string& name, int64_t in, int64_t out, const InitRule& init);
  at::Tensor forward(const at::Tensor& x) const;
  const Parameter& weight() const { return weight_; }

 private:
  Parameter& weight_;
};

}  // namespace titan::nn
