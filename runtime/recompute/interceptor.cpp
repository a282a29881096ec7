#include "runtime/recompute/interceptor.h"

#include <utility>

namespace titan::recompute {
namespace {

// Operators are called by plain functions deep inside a unit, as grad mode is asked for.
thread_local Interceptor* current = nullptr;

}  // namespace

InterceptGuard::InterceptGuard(Interceptor& interceptor) : outer_(std::exchange(current, &interceptor)) {}

InterceptGuard::~InterceptGuard() { current = outer_; }

bool is_intercepted() { return current != nullptr; }

Tensors run(const OpCall& call, const Compute& compute) { return current ? current->run(call, compute) : compute(); }

at::Tensor run_one(const OpCall& call, const std::function<at::Tensor()>& compute) {
  if (!current) return compute();
  return current->run(call, [&compute] { return Tensors{compute()}; }).at(0);
}

}  // namespace titan::recompute
