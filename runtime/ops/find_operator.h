#pragma once

namespace c10 {
class OperatorHandle;
}

namespace titan::ops {

/// Finds an operator of the `titan` library by its full name ("titan::rope"); `.typed<Signature>()` of it, with the
/// signature of its CPU kernel, can be called.
c10::OperatorHandle find_operator(const char* name);

}  // namespace titan::ops
