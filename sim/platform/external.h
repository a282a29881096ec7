#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace titan::sim {

/// A tensor that comes from outside of a unit's call, as far as what the call records can depend on it.
struct External {
  bool is_defined = false;
  bool is_owned = false;  // nobody but the call holds the storage: the unit may free it
  at::ScalarType dtype = at::kFloat;
  std::vector<int64_t> sizes, strides;
  int64_t offset = 0;
  uint64_t storage_bytes = 0;
  uint32_t same_storage = 0;  // the first of its list with this storage
  uint32_t same_tensor = 0;   // the first of its list that is this tensor

  bool operator==(const External&) const = default;
};

/// Describes a list of tensors. They are owned if the list holds every reference to them.
std::vector<External> describe_externals(std::span<const at::Tensor> tensors);

/// Appends everything about an external to a key.
void append(const External& external, std::vector<int64_t>& key);

/// Appends everything about defined tensors that are not the call's to free: parameters and buffers.
void append_held(std::span<const at::Tensor> tensors, std::vector<int64_t>& key);

/// Tells whether a tensor is one that a template can stand for: of device "sim", with its storage, without history.
bool is_plain(const at::Tensor& tensor);

}  // namespace titan::sim
