#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "runtime/recompute/op_call.h"

namespace titan::recompute {

using Tensors = std::vector<at::Tensor>;
using Compute = std::function<Tensors()>;

/// Stands between the operators of op_call.h and their kernels while a unit runs.
class Interceptor {
 public:
  virtual ~Interceptor() = default;
  /// Gives the outputs of `call`: those of `compute`, or others of equal value.
  virtual Tensors run(const OpCall& call, const Compute& compute) = 0;
};

/// Puts an interceptor before the operators that this thread calls until the guard ends. Guards nest; the innermost
/// acts alone. Like grad mode it belongs to the thread, which runs one unit of one rank at a time.
class InterceptGuard {
 public:
  explicit InterceptGuard(Interceptor& interceptor);
  InterceptGuard(const InterceptGuard&) = delete;
  InterceptGuard& operator=(const InterceptGuard&) = delete;
  ~InterceptGuard();

 private:
  Interceptor* outer_;
};

/// Tells whether a guard is in force on this thread.
bool is_intercepted();

/// Runs a call through the thread's interceptor, or plainly where there is none. Operators call it below autograd.
Tensors run(const OpCall& call, const Compute& compute);
/// The same for an operator with one output.
at::Tensor run_one(const OpCall& call, const std::function<at::Tensor()>& compute);

}  // namespace titan::recompute
