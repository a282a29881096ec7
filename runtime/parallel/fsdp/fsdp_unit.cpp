#include "runtime/parallel/fsdp/fsdp_unit.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <utility>

#include "runtime/parallel/fsdp/gather_buffer.h"
#include "runtime/parallel/fsdp/reduce_buffer.h"
#include "runtime/platform/attribute.h"
#include "runtime/unit/gradient_edges.h"

namespace titan::parallel {

using platform::attribute;
using platform::MemoryCategory;
using platform::StreamRole;

namespace {

/// Adds a part on the device to a sum in host memory. The copy goes on beside the host where it is all there is to do.
void add_on_host(const at::Tensor& part, at::Tensor& sum, const at::TensorOptions& host_memory) {
  at::Tensor copy = at::empty(part.sizes(), host_memory.dtype(part.scalar_type()));
  copy.copy_(part, /*non_blocking=*/!sum.defined());
  if (sum.defined()) {
    sum.add_(copy);
  } else {
    sum = std::move(copy);
  }
}

}  // namespace

FsdpUnit::FsdpUnit(FsdpGroup& group, const std::vector<unit::Unit*>& units, bool reshard_after_forward)
    : group_(group), reshard_after_forward_(reshard_after_forward) {
  const auto memory = attribute(group.platform, MemoryCategory::parameters);
  for (const unit::Unit* unit : units) {
    for (nn::Parameter* parameter : unit->parameters()) add_parameter(*parameter);
  }
  gather_part_bytes_ = lay_out_gather(parameters_);
  reduce_layout_ = lay_out_reduce(parameters_);
}

void FsdpUnit::add_parameter(nn::Parameter& parameter) {
  const auto& sizes = parameter.spec.box.size;
  TORCH_CHECK(!sizes.empty(), "FsdpUnit: a parameter must have at least one dim: name=", parameter.name);
  const int num_ranks = group_.shard.size();
  const auto device = group_.platform.device();
  const auto compute = at::TensorOptions().dtype(group_.dtypes.compute).device(device);
  ShardedParameter one{
      .parameter = &parameter, .transport = {.wire = group_.dtypes.compute}, .unsharded = UnshardedStorage(compute)};
  one.shard.name = parameter.name;
  one.shard.spec = mesh::shard(parameter.spec, 0, num_ranks, group_.shard.rank());
  one.shard.sharded_axes = parameter.sharded_axes;
  if (num_ranks > 1) one.shard.sharded_axes.push_back(group_.shard.name());
  const auto memory = offloads() ? group_.platform.host_memory() : at::TensorOptions().device(device);
  one.shard.value = at::empty(one.shard.spec.box.size, memory.dtype(group_.dtypes.storage));
  one.rows = sizes.front();
  one.row_numel = one.rows == 0 ? 0 : parameter.spec.box.numel() / one.rows;
  one.chunk_numel = mesh::chunk_rows(one.rows, num_ranks) * one.row_numel;
  unit::bind_value(parameter, values_are_shards() ? alias_storage(one.shard.value, sizes) : one.unsharded.alias(sizes));
  parameters_.push_back(std::move(one));
}

bool FsdpUnit::values_are_shards() const {
  return group_.shard.size() == 1 && group_.dtypes.storage == group_.dtypes.compute && !offloads();
}

bool FsdpUnit::offloads() const {
  return group_.cpu_offload && group_.platform.host_memory().device() != group_.platform.device();
}

void FsdpUnit::begin_unshard() {
  if (state_ != State::sharded) return;
  state_ = State::gathering;
  if (group_.shard.size() == 1) return;
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  const auto memory = attribute(group_.platform, MemoryCategory::fsdp_buffers);
  const auto bytes = at::TensorOptions().dtype(at::kByte).device(group_.platform.device());
  const auto copy_in = group_.platform.stream(StreamRole::all_gather_copy_in);
  const auto gather = group_.platform.stream(StreamRole::all_gather);
  if (group_.last_copy_out) group_.last_copy_out->block(copy_in);
  // Shards were last written (initialised, updated) on the compute stream; later gathers of the step follow this one.
  if (std::exchange(group_.shards_changed, false)) {
    group_.platform.record_event(group_.platform.stream(StreamRole::compute))->block(copy_in);
  }
  {
    const auto scope = group_.platform.use_stream(copy_in);
    gather_send_ = at::empty({gather_part_bytes_}, bytes);
    copy_in_shards(parameters_, gather_send_);
  }
  group_.platform.record_event(copy_in)->block(gather);
  const auto scope = group_.platform.use_stream(gather);
  gather_received_ = at::empty({gather_part_bytes_ * group_.shard.size()}, bytes);
  gather_work_ = group_.shard.all_gather(gather_send_, gather_received_, gather);
}

void FsdpUnit::finish_unshard() {
  begin_unshard();
  if (state_ == State::unsharded) return;
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  state_ = State::unsharded;
  if (values_are_shards()) return;
  const auto memory = attribute(group_.platform, MemoryCategory::fsdp_buffers);
  if (group_.shard.size() == 1) return cast_shards();
  const auto compute = group_.platform.stream(StreamRole::compute);
  std::exchange(gather_work_, comm::Work()).wait(compute);
  copy_out_unsharded(parameters_, gather_received_, group_.shard.size());
  group_.last_copy_out = group_.platform.record_event(compute);
  gather_send_.reset();
  gather_received_.reset();
}

void FsdpUnit::cast_shards() {
  for (auto& one : parameters_) {
    one.unsharded.allocate(one.shard.value.numel());
    load(one.shard.value, one.unsharded.alias(one.shard.value.sizes()));
  }
}

void FsdpUnit::reshard() {
  if (state_ == State::sharded) return;
  finish_unshard();  // a gather under way cannot be taken back
  if (!values_are_shards()) {
    for (auto& one : parameters_) one.unsharded.free();
  }
  state_ = State::sharded;
}

void FsdpUnit::begin_reduce(bool last_microbatch) {
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  if (is_alone()) return take_gradients();
  // Before this unit's reduction is enqueued: computation then waits for the previous one only, which ran beside it.
  if (FsdpUnit* previous = std::exchange(group_.reducing, this)) previous->complete_scatter();
  last_microbatch_ = last_microbatch;
  const bool scatters = group_.shard.size() > 1;  // else the buffer is what remains
  const auto memory =
      attribute(group_.platform, scatters || offloads() ? MemoryCategory::fsdp_buffers : MemoryCategory::gradients);
  const auto compute = group_.platform.stream(StreamRole::compute);
  const auto stream = group_.platform.stream(StreamRole::reduce_scatter);
  const auto options = at::TensorOptions().dtype(group_.dtypes.reduce).device(group_.platform.device());
  scatter_full_ = at::empty({reduce_layout_.part_numel * group_.shard.size()}, options);
  copy_in_gradients(parameters_, scatter_full_, group_.shard.size());
  group_.platform.record_event(compute)->block(stream);
  const auto scope = group_.platform.use_stream(stream);
  if (!scatters) {
    scatter_part_ = std::move(scatter_full_);
  } else {
    const auto result =  // without offloading it stays
        attribute(group_.platform, offloads() ? MemoryCategory::fsdp_buffers : MemoryCategory::gradients);
    scatter_part_ = at::empty({reduce_layout_.part_numel}, options);
    scatter_work_ = group_.shard.reduce_scatter(scatter_full_, scatter_part_, comm::ReduceOp::sum, stream);
  }
}

bool FsdpUnit::is_alone() const { return group_.shard.size() == 1 && group_.replicate.size() == 1; }

// One rank: no buffer, no communication.
void FsdpUnit::take_gradients() {
  const auto memory = attribute(group_.platform, MemoryCategory::gradients);
  for (auto& one : parameters_) {
    at::Tensor gradient = std::move(one.parameter->grad);
    one.parameter->grad.reset();
    if (!gradient.defined()) continue;
    if (narrows_to_reduce(gradient)) gradient = gradient.to(group_.dtypes.reduce);
    if (offloads()) {
      add_on_host(gradient.to(group_.dtypes.accumulate).contiguous(), one.shard.grad, group_.platform.host_memory());
    } else if (one.shard.grad.defined()) {
      one.shard.grad.add_(gradient);
    } else {
      one.shard.grad = gradient.to(group_.dtypes.accumulate);
    }
  }
  if (offloads()) offloaded_ = group_.platform.record_event(group_.platform.stream(StreamRole::compute));
}

bool FsdpUnit::narrows_to_reduce(const at::Tensor& gradient) const {
  return static_cast<int64_t>(c10::elementSize(group_.dtypes.reduce)) < gradient.element_size();
}

// A parameter that no microbatch used has a zero gradient in every layout.
void FsdpUnit::fill_missing_gradients() {
  const auto memory = attribute(group_.platform, MemoryCategory::gradients);
  for (auto& one : parameters_) {
    const at::Tensor& value = one.shard.value;
    if (!one.shard.grad.defined())
      one.shard.grad = at::zeros(value.sizes(), value.options().dtype(group_.dtypes.accumulate));
  }
}

void FsdpUnit::complete_scatter() {
  if (!scatter_part_.defined()) return;
  const auto stream = group_.platform.stream(StreamRole::reduce_scatter);
  const auto compute = group_.platform.stream(StreamRole::compute);
  const bool scatters = group_.shard.size() > 1;
  std::exchange(scatter_work_, comm::Work()).wait(stream);
  // The buffer goes back to the compute stream's pool: what reuses it must come after the reduction, and where the
  // buffer is the part, after the sum over microbatches.
  if (scatters) group_.platform.record_event(stream)->block(compute);
  scatter_full_.reset();
  const auto scope = group_.platform.use_stream(stream);
  accumulate(std::move(scatter_part_));
  scatter_part_.reset();
  reduced_ = group_.platform.record_event(stream);
  if (!scatters) group_.platform.record_event(stream)->block(compute);
  if (!sums_replicas()) return;
  const auto all_reduce = group_.platform.stream(StreamRole::all_reduce);
  group_.platform.record_event(stream)->block(all_reduce);
  replicate_work_ = group_.replicate.all_reduce(gradient_part_, comm::ReduceOp::sum, all_reduce);
  if (!offloads()) return;
  std::exchange(replicate_work_, comm::Work()).wait(stream);
  offload(take_gradient_part());
}

// Replicas add up what the microbatches sum to, so that stays on the device until then.
void FsdpUnit::accumulate(at::Tensor&& part) {
  if (offloads() && group_.replicate.size() == 1) return offload(part.to(group_.dtypes.accumulate));
  const bool differ = group_.dtypes.reduce != group_.dtypes.accumulate;
  if (gradient_part_.defined()) {
    gradient_part_.add_(part);
    if (differ && sums_replicas()) gradient_part_ = part.copy_(gradient_part_);
  } else if (differ && !sums_replicas()) {
    const auto memory = attribute(group_.platform, MemoryCategory::gradients);
    // The new tensor may get memory of this stream's pool that computation (an update in backward) used last.
    group_.platform.record_event(group_.platform.stream(StreamRole::compute))
        ->block(group_.platform.stream(StreamRole::reduce_scatter));
    gradient_part_ = part.to(group_.dtypes.accumulate);
  } else {
    gradient_part_ = part;
  }
}

// On the stream of the reduction, so that the part can be freed at once.
void FsdpUnit::offload(const at::Tensor& part) {
  const auto memory = attribute(group_.platform, MemoryCategory::gradients);
  const auto stream = group_.platform.stream(StreamRole::reduce_scatter);
  add_on_host(part, host_part_, group_.platform.host_memory());
  offloaded_ = group_.platform.record_event(stream);
  // Without shards the part is of the compute stream's pool.
  if (group_.shard.size() == 1) offloaded_->block(group_.platform.stream(StreamRole::compute));
}

// The host reads gradients from here on. What is partial over tensor-parallel ranks, little, visits the device again.
void FsdpUnit::finish_offload() {
  if (!host_part_.defined()) return;
  std::exchange(offloaded_, nullptr)->synchronize();
  const at::Tensor part = std::exchange(host_part_, at::Tensor());
  const at::Tensor partial = part.narrow(0, 0, reduce_layout_.partial_numel);
  if (group_.tensor && partial.numel() > 0) {
    const at::Tensor on_device = partial.to(group_.platform.device());
    sum_over_tensor_ranks(on_device);
    partial.copy_(on_device);
  }
  view_gradients(parameters_, part);
}

// Where replicas are summed or gradients go to host memory, that begins when the next reduce-scatter does.
size_t FsdpUnit::reduction_lag() const {
  if (is_alone()) return offloads() ? 1 : 0;
  return sums_replicas() || offloads() ? 2 : 1;
}

void FsdpUnit::finish_reduce() {
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  group_.shards_changed = true;  // by the update that follows
  if (is_alone()) {
    if (offloaded_) std::exchange(offloaded_, nullptr)->synchronize();
    fill_missing_gradients();
    return sum_separate_gradients();
  }
  if (group_.reducing == this) group_.reducing = nullptr;
  complete_scatter();
  if (offloads()) return finish_offload();
  if (!gradient_part_.defined()) return;
  const auto compute = group_.platform.stream(StreamRole::compute);
  reduced_->block(compute);  // not the stream's tail: other units' reductions lie behind
  std::exchange(replicate_work_, comm::Work()).wait(compute);
  const at::Tensor part = take_gradient_part();
  sum_over_tensor_ranks(part.narrow(0, 0, reduce_layout_.partial_numel));
  view_gradients(parameters_, part);
}

at::Tensor FsdpUnit::take_gradient_part() {
  const auto memory = attribute(group_.platform, MemoryCategory::gradients);
  return std::exchange(gradient_part_, at::Tensor()).to(group_.dtypes.accumulate);
}

void FsdpUnit::sum_over_tensor_ranks(const at::Tensor& partial) {
  if (!group_.tensor || partial.numel() == 0) return;
  const auto compute = group_.platform.stream(StreamRole::compute);
  group_.tensor->all_reduce(partial, comm::ReduceOp::sum, compute).wait(compute);
}

// Without data-parallel ranks gradients are tensors of their own: they travel in one.
void FsdpUnit::sum_separate_gradients() {
  std::vector<at::Tensor> flat;
  for (const auto& one : parameters_) {
    if (one.parameter->grad_is_partial) flat.push_back(one.shard.grad.flatten());
  }
  if (!group_.tensor || flat.empty()) return;
  at::Tensor all = at::cat(flat).to(group_.platform.device());
  sum_over_tensor_ranks(all);
  int64_t offset = 0;
  for (const auto& one : parameters_) {
    if (!one.parameter->grad_is_partial) continue;
    one.shard.grad.copy_(all.narrow(0, offset, one.shard.grad.numel()).view(one.shard.grad.sizes()));
    offset += one.shard.grad.numel();
  }
}

std::vector<unit::LocalShard*> FsdpUnit::shards() {
  std::vector<unit::LocalShard*> all;
  for (auto& one : parameters_) all.push_back(&one.shard);
  return all;
}

}  // namespace titan::parallel
