#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Allocator.h>

#include "sim/device/device_table.h"
#include "sim/device/rank_state.h"

namespace titan::sim {

/// The allocator of device "sim": numbers storages of the current device (host memory where that is current), and
/// records when they come and go. Data
/// pointers are no addresses: reading through one kills the process.
c10::Allocator* storage_allocator();
/// The same for pinned host memory; the current device must be a rank's host memory.
c10::Allocator* pinned_allocator();

inline bool is_simulated(const at::Tensor& tensor) { return tensor.device().type() == c10::DeviceType::PrivateUse1; }

/// Whether a simulated tensor is in its rank's host memory.
inline bool is_on_host(const at::Tensor& tensor) { return is_host_index(tensor.device().index()); }

/// The storage behind a tensor; null if it holds no bytes.
inline const Allocation* allocation_of(const at::Tensor& tensor) {
  return static_cast<const Allocation*>(tensor.unsafeGetTensorImpl()->unsafe_storage().data_ptr().get_context());
}

/// Makes a tensor of `rank`, whose device is current, over storage of its own.
at::Tensor make_tensor(at::IntArrayRef sizes, at::IntArrayRef strides, at::ScalarType dtype, uint64_t num_bytes);

/// The storage that an allocation stands for; owns it from here on.
c10::Storage make_storage(Allocation* allocation, c10::DeviceIndex device);
/// A tensor without autograd history over a storage.
at::Tensor make_tensor_over(c10::Storage storage, at::IntArrayRef sizes, at::IntArrayRef strides, int64_t offset,
                            at::ScalarType dtype);

/// Gives a storage at least `num_bytes`, keeping nothing of its contents.
void grow_storage(const c10::Storage& storage, size_t num_bytes);

}  // namespace titan::sim
