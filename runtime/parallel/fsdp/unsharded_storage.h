#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Storage.h>

namespace titan::parallel {

/// Memory of one unsharded parameter that comes and goes while tensors that alias it stay. Aliases share memory but not
/// version counters, so refilling through one of them passes autograd's check on tensors saved from another.
class UnshardedStorage {
 public:
  /// Holds no memory yet. `options` give dtype and device of its tensors.
  explicit UnshardedStorage(const at::TensorOptions& options);

  /// Makes a tensor of `sizes` over the storage, with a version counter of its own.
  at::Tensor alias(at::IntArrayRef sizes) const;
  /// Gets memory for `numel` elements; the contents are undefined.
  void allocate(int64_t numel);
  void free();
  bool allocated() const;

 private:
  at::Tensor prototype_;
};

/// Makes a tensor over `source`'s storage (from its start) with sizes, dtype and version counter of its own and no
/// history.
at::Tensor alias_storage(const at::Tensor& source, at::IntArrayRef sizes);

}  // namespace titan::parallel
