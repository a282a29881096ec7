#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "runtime/mesh/device_mesh.h"
#include "runtime/platform/platform.h"

namespace titan::validate {

/// Says what a tensor that differs suggests: the reference's times or over the size of a mesh axis, only zeros, not
/// finite, or the reference's values in another order. Empty where none fits.
std::string explain(const at::Tensor& actual, const at::Tensor& reference, const mesh::DeviceMesh& mesh,
                    platform::Platform& platform);

}  // namespace titan::validate
