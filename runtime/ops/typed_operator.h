#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include "runtime/ops/register_operators.h"

namespace titan::ops {

/// Finds an operator of the `titan` library by its full name; Signature is that of its CPU kernel.
template <class Signature>
c10::TypedOperatorHandle<Signature> typed_operator(const char* name) {
  register_operators();
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

}  // namespace titan::ops
