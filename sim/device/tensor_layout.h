#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace titan::sim {

/// Shape, strides and element type of a tensor that does not exist yet; by default of an undefined one.
struct TensorLayout {
  std::vector<int64_t> sizes;
  std::vector<int64_t> strides;
  at::ScalarType dtype = at::ScalarType::Undefined;

  bool is_defined() const { return dtype != at::ScalarType::Undefined; }
  int64_t numel() const;
  /// Bytes of the storage that it needs.
  uint64_t num_bytes() const;
};

TensorLayout contiguous(std::vector<int64_t> sizes, at::ScalarType dtype);

/// As at::empty_like lays out: dense strides are kept, others become contiguous.
TensorLayout like(const at::Tensor& tensor);
TensorLayout like(const at::Tensor& tensor, at::ScalarType dtype);

/// Bytes of device memory that reading a tensor once touches: repeated elements (stride 0) count once.
double touched_bytes(const at::Tensor& tensor);

}  // namespace titan::sim
