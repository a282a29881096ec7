#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/unit/gradient_edges.h"
#include "runtime/unit/unit.h"

namespace titan::test {

/// A unit made of a function of its parameters' values, its buffers and its inputs.
class FunctionUnit final : public unit::Unit {
 public:
  using Forward = std::function<unit::Tuple(const FunctionUnit&, const unit::Tuple&)>;

  FunctionUnit(std::string type, Forward forward)
      : Unit("unit"), type_(std::move(type)), forward_(std::move(forward)) {}

  /// Adds a parameter with this value.
  FunctionUnit& with(const at::Tensor& value, bool trainable = true) {
    auto& parameter =
        add_parameter("w" + std::to_string(values_.size()), value.sizes().vec(), nn::InitRule::normal(0.0, 1.0));
    parameter.trainable = trainable;
    unit::bind_value(parameter, value.detach());
    values_.push_back(&parameter);
    return *this;
  }
  FunctionUnit& with_buffer(at::Tensor buffer) {
    buffers_.push_back(std::move(buffer));
    return *this;
  }

  const at::Tensor& w(size_t i) const { return values_.at(i)->value; }
  const at::Tensor& buffer(size_t i) const { return buffers_.at(i); }
  at::Tensor finish(const at::Tensor& y) const { return leave(y); }
  bool computes_fused() const { return is_fused(); }

  unit::Tuple forward(const unit::Tuple& inputs) override { return forward_(*this, inputs); }
  std::string type() const override { return type_; }
  std::vector<at::Tensor> buffers() const override { return buffers_; }

 private:
  std::string type_;
  Forward forward_;
  std::vector<nn::Parameter*> values_;
  std::vector<at::Tensor> buffers_;
};

}  // namespace titan::test
