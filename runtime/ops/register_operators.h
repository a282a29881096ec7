#pragma once

namespace titan::ops {

/// Registers the operators of the `titan` library and their CPU kernels with LibTorch's dispatcher. Idempotent and
/// thread-safe; our operators call it themselves. Call it before registering kernels for another device. The schemas
/// are in register_operators.cpp, their contracts in the headers of runtime/ops and runtime/ops/fused:
/// - attention, attention_backward
/// - rms_norm, add_rms_norm, and rms_norm_backward of both
/// - rope (inverse: its own backward), swiglu, swiglu_backward
/// - cross_entropy_rows, cross_entropy_rows_backward
void register_operators();

}  // namespace titan::ops
