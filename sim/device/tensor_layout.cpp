#include "sim/device/tensor_layout.h"

#include <ATen/EmptyTensor.h>
#include <ATen/ExpandUtils.h>
#include <c10/core/ScalarType.h>

#include <algorithm>
#include <utility>

namespace titan::sim {

int64_t TensorLayout::numel() const {
  int64_t product = 1;
  for (const int64_t size : sizes) product *= size;
  return product;
}

uint64_t TensorLayout::num_bytes() const {
  if (!is_defined()) return 0;
  return at::detail::computeStorageNbytes(sizes, strides, c10::elementSize(dtype));
}

TensorLayout contiguous(std::vector<int64_t> sizes, at::ScalarType dtype) {
  std::vector<int64_t> strides(sizes.size());
  int64_t stride = 1;
  for (size_t dim = sizes.size(); dim-- > 0;) {
    strides[dim] = stride;
    stride *= std::max<int64_t>(sizes[dim], 1);
  }
  return {.sizes = std::move(sizes), .strides = std::move(strides), .dtype = dtype};
}

TensorLayout like(const at::Tensor& tensor) { return like(tensor, tensor.scalar_type()); }

TensorLayout like(const at::Tensor& tensor, at::ScalarType dtype) {
  if (!tensor.is_non_overlapping_and_dense()) {
    return {.sizes = tensor.sizes().vec(),
            .strides = at::infer_dense_strides(tensor.sizes(), tensor.strides()),
            .dtype = dtype};
  }
  return {.sizes = tensor.sizes().vec(), .strides = tensor.strides().vec(), .dtype = dtype};
}

double touched_bytes(const at::Tensor& tensor) {
  double bytes = static_cast<double>(tensor.element_size());
  for (int64_t dim = 0; dim < tensor.dim(); ++dim) {
    if (tensor.stride(dim) != 0 || tensor.size(dim) == 0) bytes *= static_cast<double>(tensor.size(dim));
  }
  return bytes;
}

}  // namespace titan::sim
