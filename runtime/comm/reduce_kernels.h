#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <vector>

#include "runtime/comm/communicator.h"

namespace titan::comm {

/// Computes out[i] = inputs[0][i] op inputs[1][i] op ..., in that order, for `numel` elements of `dtype`. float16 and
/// bfloat16 are accumulated in float32 and rounded once; max and min hand on NaN. `out` may be one of the inputs. Every
/// call gives the same bits, however the elements are divided among calls.
void reduce(at::ScalarType dtype, ReduceOp op, const std::vector<const void*>& inputs, void* out, int64_t numel);

}  // namespace titan::comm
