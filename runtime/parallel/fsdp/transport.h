#pragma once

#include <c10/core/ScalarType.h>

namespace titan::parallel {

/// How one parameter travels in its unit's gather: the element type on the wire. Shards are cast into it while they are
/// copied in, and out of it into the compute type while they are copied out. A float8 transport adds its scales here.
struct Transport {
  c10::ScalarType wire = c10::kBFloat16;
};

}  // namespace titan::parallel
