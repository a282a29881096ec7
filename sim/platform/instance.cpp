#include "sim/platform/instance.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "sim/device/storage.h"

namespace titan::sim {

using trace::Node;
using trace::NodeKind;

namespace {

/// Storages that die until the end of the scope have their nodes already.
class FreesAreRecorded {
 public:
  explicit FreesAreRecorded(RankState& rank) : rank_(rank) { rank_.begin_silent_frees(); }
  FreesAreRecorded(const FreesAreRecorded&) = delete;
  FreesAreRecorded& operator=(const FreesAreRecorded&) = delete;
  ~FreesAreRecorded() { rank_.end_silent_frees(); }

 private:
  RankState& rank_;
};

}  // namespace

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
      first_storage_(rank.recorder().num_storages()) {
  blocks_.reserve(made.own.size());
  record();
}

void Instance::record() {
  const TemplateIndex& index = made_.index;
  auto block = rank_.recorder().add_block(made_.nodes, index.allocs, index.arguments.size(), index.num_events);
  fill_in(block);
  uint32_t next = 0;
  try {
    const FreesAreRecorded recorded(rank_);
    for (; next < index.memory.size(); ++next) act(block.nodes[index.memory[next]], index.memory[next]);
  } catch (...) {
    rank_.recorder().cut_block(block, index.memory[next]);
    free_own();
    throw;
  }
}

void Instance::fill_in(trace::Recorder::Block& block) const {
  const TemplateIndex& index = made_.index;
  for (const uint32_t i : index.events) block.nodes[i].id += block.first_event;
  for (const uint32_t i : index.frees) block.nodes[i].id = number_of(Reference::of_bits(block.nodes[i].id));
  for (const uint32_t i : index.with_arguments) block.nodes[i].value += block.first_argument;
  const size_t num_own = made_.own.size(), num_forward = forward_ ? forward_->made()->own.size() : 0;
  std::vector<uint32_t> numbers(num_own + num_forward);
  std::iota(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(num_own), first_storage_);
  if (forward_)
    std::iota(numbers.begin() + static_cast<std::ptrdiff_t>(num_own), numbers.end(), forward_->first_storage());
  numbers.insert(numbers.end(), externals_.storages.begin(), externals_.storages.end());
  for (size_t i = 0; i < index.arguments.size(); ++i) {
    const trace::Argument argument = index.arguments[i];
    block.arguments[i] = trace::Argument(numbers[argument.storage()], argument.access());
  }
}

void Instance::act(Node& node, uint32_t index) {
  if (node.kind == NodeKind::alloc) {
    blocks_.push_back(rank_.memory().malloc(node.value, node.stream));
  } else {
    free(node, Reference::of_bits(made_.nodes[index].id));
  }
}

void Instance::free(Node& node, Reference storage) {
  const uint32_t n = storage.n();
  if (storage.kind() == Reference::Kind::own) return rank_.memory().free(std::exchange(blocks_[n], memory::kNoBlock));
  if (storage.kind() == Reference::Kind::external) return drop(node, externals_.handles.at(n));
  if (c10::Storage* handle = forward_->shared(n)) return drop(node, *handle);
  forward_->give_away(n);
  rank_.memory().free(forward_->block(n));
}

// The template's stand-in may have been on another stream.
void Instance::drop(Node& node, c10::Storage& handle) {
  const auto* allocation = handle ? static_cast<const Allocation*>(handle.data_ptr().get_context()) : nullptr;
  if (allocation) node = {NodeKind::free, allocation->stream, 0, allocation->storage, allocation->num_bytes};
  const int64_t before = rank_.num_frees();
  handle = c10::Storage();
  TORCH_CHECK(
      allocation && rank_.num_frees() == before + 1,
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
