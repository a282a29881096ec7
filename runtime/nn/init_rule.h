#pragma once

namespace titan::nn {

/// How a parameter's first values are drawn (runtime/nn/initialise.h draws them).
struct InitRule {
  enum class Kind { constant, normal, trunc_normal };
  Kind kind = Kind::constant;
  double mean = 0.0;  // of a constant: the value
  double std = 0.0;
  double low = 0.0;  // truncation bounds, absolute values
  double high = 0.0;

  static InitRule constant(double value) { return {.kind = Kind::constant, .mean = value}; }
  static InitRule normal(double mean, double std) { return {.kind = Kind::normal, .mean = mean, .std = std}; }
  static InitRule trunc_normal(double mean, double std, double low, double high) {
    return {.kind = Kind::trunc_normal, .mean = mean, .std = std, .low = low, .high = high};
  }
};

}  // namespace titan::nn
