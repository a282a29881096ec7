#include "sim/device/storage.h"

#include <c10/core/TensorImpl.h>

#include "sim/device/device_table.h"

namespace titan::sim {
namespace {

// Above every address that a program can have on x86-64 and AArch64.
constexpr uintptr_t kNoAddress = uintptr_t{1} << 60;

class StorageAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t num_bytes) override {
    const c10::DeviceIndex index = current_device();
    const c10::Device device(c10::DeviceType::PrivateUse1, index);
    if (num_bytes == 0) return {nullptr, nullptr, &release, device};
    Allocation* allocation = rank_of_device(index).allocate(num_bytes);
    return {reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(allocation) | kNoAddress), allocation, &release,
            device};
  }
  void copy_data(void*, const void*, size_t) const override {}

 private:
  static void release(void* context) {
    if (auto* allocation = static_cast<Allocation*>(context)) allocation->rank->free(allocation);
  }
};

}  // namespace

c10::Allocator* storage_allocator() {
  static StorageAllocator allocator;
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

void grow_storage(const c10::Storage& storage, size_t num_bytes) {
  if (storage.nbytes() >= num_bytes) return;
  const CurrentDevice device(storage.device().index());
  storage.set_data_ptr_noswap(storage_allocator()->allocate(num_bytes));
  storage.unsafeGetStorageImpl()->set_nbytes(num_bytes);
}

}  // namespace titan::sim
