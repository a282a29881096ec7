#include "runtime/optim/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <utility>

#include "runtime/optim/adam.h"

namespace titan::optim {
namespace {

void check_shard(const unit::LocalShard& shard) {
  TORCH_CHECK(shard.value.defined(), "Optimizer: a shard must have a value: ", shard.name);
  TORCH_CHECK(shard.value.is_floating_point() && shard.value.is_contiguous(),
              "Optimizer: values must be floating and contiguous: ", shard.name, " dtype=", shard.value.scalar_type(),
              " sizes=", shard.value.sizes(), " strides=", shard.value.strides());
}

void check_grad(const unit::LocalShard& shard) {
  TORCH_CHECK(shard.grad.sizes() == shard.value.sizes() && shard.grad.device() == shard.value.device() &&
                  shard.grad.is_floating_point(),
              "Optimizer: a gradient must be floating, with its value's sizes and device: ", shard.name,
              " grad=", shard.grad.sizes(), " ", shard.grad.scalar_type(), " ", shard.grad.device(),
              " value=", shard.value.sizes(), " ", shard.value.device());
}

}  // namespace

Optimizer::Optimizer(std::vector<unit::LocalShard*> shards, const OptimizerOptions& options) : options_(options) {
  slots_.reserve(shards.size());
  for (unit::LocalShard* shard : shards) {
    check_shard(*shard);
    const bool is_new = index_.emplace(shard, slots_.size()).second;
    TORCH_CHECK(is_new, "Optimizer: a shard must be listed once: ", shard->name);
    slots_.push_back({shard, {}, {}, {}});
  }
}

void Optimizer::make_state(Slot& slot) const {
  if (slot.exp_avg.defined()) return;
  const at::Tensor& value = slot.shard->value;
  slot.exp_avg = at::zeros_like(value);
  slot.exp_avg_sq = at::zeros_like(value);
  // A device's fused operator reads the count there; everything else reads it on the host.
  const bool on_device = options_.implementation == Implementation::fused && !value.is_cpu();
  slot.step = at::zeros({}, at::TensorOptions(at::kFloat).device(on_device ? value.device() : at::Device(at::kCPU)));
}

void Optimizer::update(const std::vector<Slot*>& slots, double lr) const {
  std::vector<AdamItem> items;
  items.reserve(slots.size());
  for (const Slot* slot : slots) {
    items.push_back({slot->shard->value, slot->shard->grad, slot->exp_avg, slot->exp_avg_sq, slot->step});
  }
  const at::NoGradGuard no_grad;
  switch (options_.implementation) {
    case Implementation::for_loop:
      return adam_for_loop(items, options_, lr);
    case Implementation::foreach:
      return adam_foreach(items, options_, lr);
    case Implementation::fused:
      return adam_fused(items, options_, lr);
  }
}

void Optimizer::step(double lr) {
  std::vector<Slot*> slots;
  for (Slot& slot : slots_) {
    if (!slot.shard->grad.defined()) continue;
    check_grad(*slot.shard);
    make_state(slot);
    slots.push_back(&slot);
  }
  update(slots, lr);
}

void Optimizer::step_one(const unit::LocalShard& shard, double lr) {
  const auto found = index_.find(&shard);
  TORCH_CHECK(found != index_.end(), "Optimizer::step_one: not a shard of this optimizer: ", shard.name);
  if (!shard.grad.defined()) return;
  check_grad(shard);
  Slot& slot = slots_[found->second];
  make_state(slot);
  update({&slot}, lr);
}

void Optimizer::zero_grad() {
  for (Slot& slot : slots_) slot.shard->grad.reset();
}

std::vector<unit::LocalShard> Optimizer::state() {
  std::vector<unit::LocalShard> parts;
  parts.reserve(3 * slots_.size());
  for (Slot& slot : slots_) {
    make_state(slot);
    const unit::LocalShard& shard = *slot.shard;
    const std::string prefix = "state." + shard.name + ".";
    parts.push_back({prefix + "exp_avg", shard.spec, shard.sharded_axes, slot.exp_avg, {}});
    parts.push_back({prefix + "exp_avg_sq", shard.spec, shard.sharded_axes, slot.exp_avg_sq, {}});
    parts.push_back({prefix + "step", mesh::whole({}), {}, slot.step, {}});
  }
  return parts;
}

}  // namespace titan::optim
