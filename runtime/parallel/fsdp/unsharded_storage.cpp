#include "runtime/parallel/fsdp/unsharded_storage.h"

#include <ATen/ops/empty.h>
#include <c10/core/TensorImpl.h>

namespace titan::parallel {

at::Tensor alias_storage(const at::Tensor& source, at::IntArrayRef sizes) {
  auto tensor = at::detail::make_tensor<c10::TensorImpl>(
      c10::Storage(source.storage()), source.key_set() - c10::autograd_dispatch_keyset, source.dtype());
  tensor.unsafeGetTensorImpl()->set_sizes_contiguous(sizes);
  return tensor;
}

UnshardedStorage::UnshardedStorage(const at::TensorOptions& options) : prototype_(at::empty({0}, options)) {}

at::Tensor UnshardedStorage::alias(at::IntArrayRef sizes) const { return alias_storage(prototype_, sizes); }

void UnshardedStorage::allocate(int64_t numel) {
  c10::StorageImpl* storage = prototype_.storage().unsafeGetStorageImpl();
  const size_t num_bytes = numel * prototype_.element_size();
  storage->set_data_ptr_noswap(storage->allocator()->allocate(num_bytes));
  storage->set_nbytes(num_bytes);
}

void UnshardedStorage::free() {
  c10::StorageImpl* storage = prototype_.storage().unsafeGetStorageImpl();
  storage->set_data_ptr_noswap(c10::DataPtr(nullptr, storage->device()));
  storage->set_nbytes(0);
}

bool UnshardedStorage::allocated() const { return prototype_.storage().nbytes() > 0; }

}  // namespace titan::parallel
