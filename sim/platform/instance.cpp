#include "sim/platform/instance.h"

#include <algorithm>
#include <utility>

#include "sim/device/storage.h"

namespace titan::sim {

using trace::Node;
using trace::NodeKind;

ForwardInstance::~ForwardInstance() {
  for (uint32_t n = 0; n < is_saved_.size(); ++n) {
    if (!is_saved_[n]) continue;
    rank_->memory().free(blocks_[n]);
    if (!rank_->is_recording()) continue;
    rank_->recorder().free(made_->own[n].stream, first_storage_ + n, made_->own[n].num_bytes);
  }
}

c10::Storage* ForwardInstance::shared(uint32_t n) {
  const auto found = std::find(made_->shared.begin(), made_->shared.end(), n);
  return found == made_->shared.end() ? nullptr : &shared_storages[found - made_->shared.begin()];
}

Instance::Instance(RankState& rank, c10::DeviceIndex device, const UnitTemplate& made, CallExternals& externals,
                   ForwardInstance* forward)
    : rank_(rank),
      device_(device),
      made_(made),
      externals_(externals),
      forward_(forward),
      first_storage_(rank.recorder().num_storages()),
      first_event_(rank.recorder().trace().num_events) {
  blocks_.reserve(made.own.size());
  try {
    record();
  } catch (...) {
    free_own();
    throw;
  }
}

void Instance::record() {
  for (const Node& node : made_.nodes) record(node);
}

void Instance::record(const Node& node) {
  trace::Recorder& to = rank_.recorder();
  switch (node.kind) {
    case NodeKind::alloc:
      blocks_.push_back(rank_.memory().malloc(node.value, node.stream));
      to.alloc(node.stream, node.value, node.category());
      return;
    case NodeKind::free:
      return free(node);
    case NodeKind::record_event:
      to.record_event(node.stream);
      return;
    case NodeKind::wait_event:
      return to.wait_event(node.stream, first_event_ + node.id);
    case NodeKind::host_wait:
      return to.host_wait(first_event_ + node.id);
    default:
      arguments_.clear();
      for (uint32_t i = 0; i < node.num_arguments; ++i) {
        const auto& use = made_.uses[node.value + i];
        arguments_.emplace_back(number_of(use.storage), use.access);
      }
      to.repeat(node, arguments_);
  }
}

void Instance::free(const Node& node) {
  const Reference storage = Reference::of_bits(node.id);
  const uint32_t n = storage.n();
  if (storage.kind() == Reference::Kind::external) return drop(externals_.handles.at(n));
  const bool is_own = storage.kind() == Reference::Kind::own;
  if (!is_own) {
    if (c10::Storage* handle = forward_->shared(n)) return drop(*handle);
    forward_->give_away(n);
  }
  rank_.memory().free(is_own ? std::exchange(blocks_[n], memory::kNoBlock) : forward_->block(n));
  rank_.recorder().free(node.stream, number_of(storage), node.value);
}

void Instance::drop(c10::Storage& handle) {
  const size_t before = rank_.recorder().trace().nodes.size();
  handle = c10::Storage();
  TORCH_CHECK(
      rank_.recorder().trace().nodes.size() == before + 1,
      "simulated device: a template of a unit frees storage that somebody else holds; please report it, and set "
      "DeviceOptions::templates to false");
}

void Instance::free_own() {
  for (uint32_t n = 0; n < blocks_.size(); ++n) {
    if (blocks_[n] == memory::kNoBlock) continue;
    rank_.memory().free(blocks_[n]);
    rank_.recorder().free(made_.own[n].stream, first_storage_ + n, made_.own[n].num_bytes);
  }
}

uint32_t Instance::number_of(Reference storage) const {
  switch (storage.kind()) {
    case Reference::Kind::own:
      return first_storage_ + storage.n();
    case Reference::Kind::external:
      return externals_.storages[storage.n()];
    case Reference::Kind::forward:
      return forward_->first_storage() + storage.n();
  }
  TORCH_INTERNAL_ASSERT(false);
}

c10::Storage Instance::adopt(Reference storage, memory::BlockId block, const UnitTemplate::Own& own) {
  for (const auto& [known, handle] : adopted_) {
    if (known == storage) return handle;
  }
  auto made = make_storage(rank_.adopt(block, number_of(storage), own.num_bytes, own.stream), device_);
  adopted_.emplace_back(storage, made);
  return made;
}

c10::Storage Instance::storage_of(Reference storage) {
  const uint32_t n = storage.n();
  switch (storage.kind()) {
    case Reference::Kind::own:
      return adopt(storage, blocks_[n], made_.own[n]);
    case Reference::Kind::external: {
      const uint32_t state = n - externals_.first_state;
      if (n >= externals_.first_state && state < externals_.state.size()) return externals_.state[state].storage();
      return externals_.handles.at(n);
    }
    case Reference::Kind::forward:
      if (const c10::Storage* handle = forward_->shared(n)) return *handle;
      forward_->give_away(n);
      return adopt(storage, forward_->block(n), forward_->made()->own[n]);
  }
  TORCH_INTERNAL_ASSERT(false);
}

at::Tensor Instance::make(const LeftTensor& left) {
  if (!left.is_defined) return at::Tensor();
  if (!left.has_storage) {
    const at::Tensor empty = make_tensor({0}, {1}, left.dtype, 0);
    return make_tensor_over(empty.storage(), left.sizes, left.strides, left.offset, left.dtype);
  }
  return make_tensor_over(storage_of(left.storage), left.sizes, left.strides, left.offset, left.dtype);
}

void Instance::leave_to(ForwardInstance& forward) {
  forward.first_storage_ = first_storage_;
  for (const uint32_t n : made_.shared) {
    forward.shared_storages.push_back(storage_of(Reference(Reference::Kind::own, n)));
  }
  forward.is_saved_.assign(made_.own.size(), false);
  for (const uint32_t n : made_.saved) forward.is_saved_[n] = true;
  forward.blocks_ = std::move(blocks_);
  forward.inputs.resize(made_.inputs.size());
  for (size_t i = 0; i < made_.inputs.size(); ++i) {
    if (made_.keeps_input[i]) forward.inputs[i] = externals_.handles[i];
  }
}

}  // namespace titan::sim
