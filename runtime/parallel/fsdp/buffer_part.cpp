#include "runtime/parallel/fsdp/buffer_part.h"

#include <c10/core/TensorImpl.h>

namespace titan::parallel {
namespace {

at::Tensor empty_alias(const at::Tensor& buffer, at::ScalarType dtype, int64_t offset) {
  auto tensor = at::detail::make_tensor<c10::TensorImpl>(c10::Storage(buffer.storage()),
                                                         buffer.key_set() - c10::autograd_dispatch_keyset,
                                                         c10::scalarTypeToTypeMeta(dtype));
  tensor.unsafeGetTensorImpl()->set_storage_offset(offset);
  return tensor;
}

}  // namespace

at::Tensor buffer_part(const at::Tensor& buffer, at::ScalarType dtype, int64_t offset, at::IntArrayRef sizes,
                       at::IntArrayRef strides) {
  auto tensor = empty_alias(buffer, dtype, offset);
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(sizes, strides);
  return tensor;
}

at::Tensor buffer_part(const at::Tensor& buffer, at::ScalarType dtype, int64_t offset, at::IntArrayRef sizes) {
  auto tensor = empty_alias(buffer, dtype, offset);
  tensor.unsafeGetTensorImpl()->set_sizes_contiguous(sizes);
  return tensor;
}

}  // namespace titan::parallel
