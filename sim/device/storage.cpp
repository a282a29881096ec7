#include "sim/device/storage.h"

#include <c10/core/TensorImpl.h>

#include "sim/device/device_table.h"

namespace titan::sim {
namespace {

// Above every address that a program can have on x86-64 and AArch64.
constexpr uintptr_t kNoAddress = uintptr_t{1} << 60;

void release(void* context) {
  if (auto* allocation = static_cast<Allocation*>(context)) allocation->rank->free(allocation);
}

c10::DataPtr point_to(Allocation* allocation, c10::Device device) {
  return {reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(allocation) | kNoAddress), allocation, &release, device};
}

class StorageAllocator final : public c10::Allocator {
 public:
  explicit StorageAllocator(bool pinned) : pinned_(pinned) {}

  c10::DataPtr allocate(size_t num_bytes) override {
    const c10::DeviceIndex index = current_device();
    const c10::Device device(c10::DeviceType::PrivateUse1, index);
    if (num_bytes == 0) return {nullptr, nullptr, &release, device};
    RankState& rank = rank_of_device(index);
    TORCH_CHECK(!pinned_ || is_host_index(index), "simulated device: only host memory can be pinned");
    return point_to(is_host_index(index) ? rank.allocate_on_host(num_bytes, pinned_) : rank.allocate(num_bytes),
                    device);
  }
  void copy_data(void*, const void*, size_t) const override {}

 private:
  bool pinned_;
};

}  // namespace

c10::Allocator* storage_allocator() {
  static StorageAllocator allocator(/*pinned=*/false);
  return &allocator;
}

c10::Allocator* pinned_allocator() {
  static StorageAllocator allocator(/*pinned=*/true);
  return &allocator;
}

at::Tensor make_tensor(at::IntArrayRef sizes, at::IntArrayRef strides, at::ScalarType dtype, uint64_t num_bytes) {
  c10::Allocator* allocator = storage_allocator();
  auto storage = c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), num_bytes,
                                                       allocator->allocate(num_bytes), allocator, /*resizable=*/true);
  auto tensor = at::detail::make_tensor<c10::TensorImpl>(
      std::move(storage), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), c10::scalarTypeToTypeMeta(dtype));
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(sizes, strides);
  return tensor;
}

c10::Storage make_storage(Allocation* allocation, c10::DeviceIndex device) {
  return c10::Storage(c10::Storage::use_byte_size_t(), allocation->num_bytes,
                      point_to(allocation, c10::Device(c10::DeviceType::PrivateUse1, device)), storage_allocator(),
                      /*resizable=*/true);
}

at::Tensor make_tensor_over(c10::Storage storage, at::IntArrayRef sizes, at::IntArrayRef strides, int64_t offset,
                            at::ScalarType dtype) {
  auto tensor = at::detail::make_tensor<c10::TensorImpl>(
      std::move(storage), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), c10::scalarTypeToTypeMeta(dtype));
  tensor.unsafeGetTensorImpl()->set_storage_offset(offset);
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(sizes, strides);
  return tensor;
}

void grow_storage(const c10::Storage& storage, size_t num_bytes) {
  if (storage.nbytes() >= num_bytes) return;
  const CurrentDevice device(storage.device().index());
  storage.set_data_ptr_noswap(storage.allocator()->allocate(num_bytes));
  storage.unsafeGetStorageImpl()->set_nbytes(num_bytes);
}

}  // namespace titan::sim
