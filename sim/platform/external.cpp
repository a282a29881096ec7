#include "sim/platform/external.h"

#include <algorithm>

#include "sim/device/storage.h"

namespace titan::sim {
namespace {

const c10::StorageImpl* storage_of(const at::Tensor& tensor) {
  return tensor.unsafeGetTensorImpl()->unsafe_storage().unsafeGetStorageImpl();
}

c10::DispatchKeySet plain_keys() {
  static const c10::DispatchKeySet keys =
      make_tensor_over(c10::Storage(c10::Storage::use_byte_size_t(), 0,
                                    c10::DataPtr(nullptr, c10::Device(c10::DeviceType::PrivateUse1, 0)), nullptr,
                                    /*resizable=*/false),
                       {0}, {1}, 0, at::kFloat)
          .key_set();
  return keys;
}

External describe(const at::Tensor& tensor, uint32_t index) {
  External external{.same_storage = index, .same_tensor = index};
  if (!tensor.defined()) return external;
  external.is_defined = true;
  external.dtype = tensor.scalar_type();
  external.sizes = tensor.sizes().vec();
  external.strides = tensor.strides().vec();
  external.offset = tensor.storage_offset();
  external.storage_bytes = tensor.storage().nbytes();
  return external;
}

// Owned: every holder of the storage is a tensor of the list, and every holder of those is the list.
void find_aliases(std::span<const at::Tensor> tensors, size_t i, External& external) {
  size_t num_distinct = 0;
  bool is_first = true, are_held_here_only = true;
  for (size_t j = 0; j < tensors.size(); ++j) {
    if (!tensors[j].defined() || storage_of(tensors[j]) != storage_of(tensors[i])) continue;
    if (is_first) external.same_storage = static_cast<uint32_t>(j);
    is_first = false;
    size_t num_same = 0, first_same = j;
    for (size_t k = tensors.size(); k-- > 0;) {
      if (!tensors[k].is_same(tensors[j])) continue;
      ++num_same;
      first_same = k;
    }
    if (first_same == j) ++num_distinct;
    if (tensors[j].is_same(tensors[i])) external.same_tensor = static_cast<uint32_t>(first_same);
    are_held_here_only = are_held_here_only && tensors[j].use_count() == num_same;
  }
  external.is_owned = are_held_here_only && tensors[i].storage().use_count() == num_distinct;
}

}  // namespace

std::vector<External> describe_externals(std::span<const at::Tensor> tensors) {
  std::vector<External> externals;
  externals.reserve(tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    externals.push_back(describe(tensors[i], static_cast<uint32_t>(i)));
    if (tensors[i].defined()) find_aliases(tensors, i, externals.back());
  }
  return externals;
}

void append(const External& external, std::vector<int64_t>& key) {
  if (!external.is_defined) return key.push_back(-1);
  key.push_back(static_cast<int64_t>(external.dtype) | external.is_owned << 8 |
                static_cast<int64_t>(external.sizes.size()) << 16);
  key.push_back(static_cast<int64_t>(external.same_storage) << 32 | external.same_tensor);
  key.push_back(external.offset);
  key.push_back(static_cast<int64_t>(external.storage_bytes));
  key.insert(key.end(), external.sizes.begin(), external.sizes.end());
  key.insert(key.end(), external.strides.begin(), external.strides.end());
}

void append_held(std::span<const at::Tensor> tensors, std::vector<int64_t>& key) {
  key.push_back(static_cast<int64_t>(tensors.size()));
  for (size_t i = 0; i < tensors.size(); ++i) {
    const at::Tensor& tensor = tensors[i];
    const auto first = [&](const auto& is_like) {
      return std::find_if(tensors.begin(), tensors.begin() + i, is_like) - tensors.begin();
    };
    key.push_back(static_cast<int64_t>(tensor.scalar_type()) | tensor.requires_grad() << 8 | tensor.dim() << 16);
    key.push_back(first([&](const at::Tensor& one) { return storage_of(one) == storage_of(tensor); }) << 32 |
                  first([&](const at::Tensor& one) { return one.is_same(tensor); }));
    key.push_back(tensor.storage_offset());
    key.push_back(static_cast<int64_t>(storage_of(tensor)->nbytes()));
    key.insert(key.end(), tensor.sizes().begin(), tensor.sizes().end());
    key.insert(key.end(), tensor.strides().begin(), tensor.strides().end());
  }
}

bool is_plain(const at::Tensor& tensor) {
  if (!is_simulated(tensor) || is_on_host(tensor) || tensor.key_set() != plain_keys() || tensor.requires_grad())
    return false;
  return allocation_of(tensor) || tensor.storage().nbytes() == 0;
}

}  // namespace titan::sim
