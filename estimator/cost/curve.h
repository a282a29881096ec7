#pragma once

#include "estimator/hardware/row_reader.h"

namespace titan::cost {

/// Reads a curve at `size`: straight lines between points over the logarithm of the size, constant outside.
double at(const hardware::Curve& curve, double size);

}  // namespace titan::cost
