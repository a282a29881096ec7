#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "runtime/nn/module.h"

namespace titan::unit {

/// What travels between units: activations first, then tensors without gradient (positions, masks, labels).
using Tuple = std::vector<at::Tensor>;

/// A part of a model that is unsharded, executed, checkpointed and scheduled as one: embedding, block, norm + output,
/// loss. Autograd works inside one unit only.
class Unit : public nn::Module {
 public:
  explicit Unit(const std::string& name) : Module(nullptr, name) {}

  /// Computes the outputs. Pure: depends on inputs, parameters, buffers() and the configuration told by type() alone.
  virtual Tuple forward(const Tuple& inputs) = 0;
  /// Names kind and configuration; two units of equal type and parameter shapes are interchangeable ("llama_block").
  virtual std::string type() const = 0;
  /// True if forward ends in a linear function of what its last operators gave (adds it to the residual stream, say),
  /// so that backward reads none of these results: run again for backward, the unit need not compute them.
  virtual bool ends_linear() const { return false; }
  /// Tensors without gradient that forward reads besides inputs and parameters (rotary table); shared between units.
  virtual std::vector<at::Tensor> buffers() const { return {}; }
};

}  // namespace titan::unit
