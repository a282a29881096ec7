#include "sim/platform/draft.h"

#include "sim/device/storage.h"

namespace titan::sim {

using trace::Node;
using trace::NodeKind;

Draft::Draft(RankState& rank, c10::DeviceIndex device) : rank_(rank), device_(device) { rank_.begin_draft(); }

Draft::~Draft() {
  held_.clear();
  rank_.end_draft();
}

std::vector<at::Tensor> Draft::stand_in(const std::vector<External>& externals, uint32_t first) {
  std::vector<at::Tensor> tensors(externals.size());
  for (uint32_t i = 0; i < externals.size(); ++i) {
    const External& one = externals[i];
    if (!one.is_defined) continue;
    if (one.same_tensor != i) {
      tensors[i] = tensors[one.same_tensor];
      continue;
    }
    if (one.same_storage != i) {
      tensors[i] = make_tensor_over(tensors[one.same_storage].storage(), one.sizes, one.strides, one.offset, one.dtype);
      continue;
    }
    const std::vector<int64_t> none{0}, unit{1};
    const at::Tensor holder = make_tensor(none, unit, one.dtype, one.storage_bytes);
    if (const Allocation* allocation = allocation_of(holder)) numbers_[allocation->storage] = first + i;
    if (!one.is_owned) held_.push_back(holder.storage());
    stand_ins_.emplace(first + i, StandIn{WeakStorage(c10::intrusive_ptr<c10::StorageImpl>::reclaim_copy(
                                              holder.storage().unsafeGetStorageImpl())),
                                          !one.is_owned});
    tensors[i] = make_tensor_over(holder.storage(), one.sizes, one.strides, one.offset, one.dtype);
  }
  return tensors;
}

void Draft::declare(std::span<const at::Tensor> tensors, uint32_t first) {
  for (uint32_t i = 0; i < tensors.size(); ++i) {
    if (const Allocation* allocation = allocation_of(tensors[i])) numbers_.try_emplace(allocation->storage, first + i);
  }
}

bool Draft::is_kept(uint32_t n, size_t num_expected) const {
  const auto found = stand_ins_.find(n);
  return found != stand_ins_.end() && found->second.storage.use_count() > num_expected + found->second.is_held;
}

void Draft::begin_forward() {
  begin_call();
  first_of_forward_ = first_storage_;
}

void Draft::end_forward() { end_of_forward_ = trace().num_storages; }

void Draft::begin_call() {
  first_storage_ = trace().num_storages;
  first_event_ = trace().num_events;
  first_node_ = trace().nodes.size();
}

Reference Draft::reference(uint32_t storage) const {
  if (const auto found = numbers_.find(storage); found != numbers_.end()) {
    return Reference(Reference::Kind::external, found->second);
  }
  if (storage >= first_storage_) return Reference(Reference::Kind::own, storage - first_storage_);
  if (storage >= first_of_forward_ && storage < end_of_forward_)
    return Reference(Reference::Kind::forward, storage - first_of_forward_);
  throw NoTemplate("it uses a tensor that is none of its inputs, parameters and buffers");
}

void Draft::copy_node(const Node& node, UnitTemplate& to) const {
  if (trace::is_host_pool(node.stream)) throw NoTemplate("it uses host memory");
  Node copy = node;
  switch (node.kind) {
    case NodeKind::alloc:
      copy.id = reference(node.id).bits();
      to.own.push_back({node.value, node.stream});
      break;
    case NodeKind::free:
      copy.id = reference(node.id).bits();
      break;
    case NodeKind::wait_event:
    case NodeKind::host_wait:
      if (node.id < first_event_) throw NoTemplate("it waits for an event that was recorded before it");
      [[fallthrough]];
    case NodeKind::record_event:
      copy.id = node.id - first_event_;
      break;
    default:
      const auto arguments = trace().arguments_of(node);
      if (!arguments.empty()) copy.value = to.uses.size();
      for (const auto argument : arguments) to.uses.push_back({reference(argument.storage()), argument.access()});
  }
  to.nodes.push_back(copy);
}

void Draft::copy_nodes(UnitTemplate& to) const {
  const auto& nodes = trace().nodes;
  for (size_t i = first_node_; i < nodes.size(); ++i) copy_node(nodes[i], to);
}

LeftTensor Draft::describe_left(const at::Tensor& tensor) const {
  LeftTensor left;
  if (!tensor.defined()) return left;
  if (!is_plain(tensor)) throw NoTemplate("it returns a tensor that is not on the simulated device or has a history");
  left.is_defined = true;
  left.dtype = tensor.scalar_type();
  left.sizes = tensor.sizes().vec();
  left.strides = tensor.strides().vec();
  left.offset = tensor.storage_offset();
  if (const Allocation* allocation = allocation_of(tensor)) {
    left.has_storage = true;
    left.storage = reference(allocation->storage);
  }
  return left;
}

}  // namespace titan::sim
