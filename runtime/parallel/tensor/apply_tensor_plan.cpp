#include "runtime/parallel/tensor/apply_tensor_plan.h"

#include <c10/util/Exception.h>

#include <bit>
#include <set>

#include "runtime/comm/functional.h"

namespace titan::parallel {
namespace {

constexpr int64_t kSequenceDim = 1;

/// A hook that communicates in the group: those of other groups, or on other streams, are others.
template <class Change>
nn::TensorHook hook_of(const TensorGroup& group, const Change& change) {
  const auto communicator = std::bit_cast<uint64_t>(&group.comm);
  return {[&comm = group.comm, stream = group.stream, change](const at::Tensor& x) { return change(x, comm, stream); },
          communicator * platform::kNumStreamRoles + static_cast<uint64_t>(group.stream.role)};
}

nn::TensorHook gather(const TensorGroup& group) {
  return hook_of(group, [](const at::Tensor& x, comm::Communicator& comm, const platform::Stream& stream) {
    return comm::all_gather(x, kSequenceDim, comm, stream);
  });
}

nn::TensorHook sum_and_scatter(const TensorGroup& group) {
  return hook_of(group, [](const at::Tensor& x, comm::Communicator& comm, const platform::Stream& stream) {
    return comm::reduce_scatter(x, kSequenceDim, comm, stream);
  });
}

nn::TensorHook gather_vocabulary(const TensorGroup& group) {
  return hook_of(group, [](const at::Tensor& x, comm::Communicator& comm, const platform::Stream& stream) {
    return comm::gather_from_group(x, -1, comm, stream);
  });
}

/// Applies styles to modules and remembers which parameters they covered.
class Application {
 public:
  Application(const TensorGroup& group, const TensorOptions& options) : group_(group), options_(options) {}

  void apply(TensorStyle style, nn::Module& module) {
    switch (style) {
      case TensorStyle::sequence:
        for (nn::Parameter* parameter : own(module)) parameter->grad_is_partial = true;
        return;
      case TensorStyle::gather_sequence:
        return module.set_input_hook(gather(group_));
      case TensorStyle::columns:
        return cut(module, 0);
      case TensorStyle::rows:
        cut(module, 1);
        return module.set_output_hook(sum_and_scatter(group_));
      case TensorStyle::vocabulary_rows:
        cut(module, 0);
        return module.set_output_hook(sum_and_scatter(group_));
      case TensorStyle::logits:
        cut(module, 0);
        module.set_input_hook(gather(group_));
        if (!options_.loss_parallel) module.set_output_hook(gather_vocabulary(group_));
        return;
    }
  }

  void check_covers(const unit::Unit& unit) const {
    for (const nn::Parameter* parameter : unit.parameters()) {
      TORCH_CHECK(covered_.contains(parameter),
                  "apply_tensor_plan: a rule must cover every parameter: name=", parameter->name);
    }
  }

 private:
  std::vector<nn::Parameter*> own(const nn::Module& module) {
    const auto parameters = module.own_parameters();
    for (const nn::Parameter* parameter : parameters) {
      TORCH_CHECK(covered_.insert(parameter).second,
                  "apply_tensor_plan: one rule at most may cover a parameter: name=", parameter->name);
    }
    return parameters;
  }

  void cut(const nn::Module& module, int dim) {
    const int size = group_.comm.size();
    for (nn::Parameter* parameter : own(module)) {
      const auto& sizes = parameter->spec.box.size;
      TORCH_CHECK(sizes.at(dim) % size == 0, "apply_tensor_plan: ranks must divide dim ", dim,
                  ": name=", parameter->name, " size=", sizes[dim], " ranks=", size);
      parameter->spec = mesh::shard(parameter->spec, dim, size, group_.comm.rank());
      parameter->sharded_axes.push_back(group_.comm.name());
    }
  }

  const TensorGroup& group_;
  const TensorOptions& options_;
  std::set<const nn::Parameter*> covered_;
};

void list_modules(const nn::Module& root, std::vector<nn::Module*>& all) {
  for (nn::Module* child : root.children()) {
    all.push_back(child);
    list_modules(*child, all);
  }
}

}  // namespace

void apply_tensor_plan(const TensorPlan& plan, const std::vector<unit::Unit*>& units, const TensorGroup& group,
                       const TensorOptions& options) {
  std::vector<nn::Module*> modules;
  for (const unit::Unit* unit : units) list_modules(*unit, modules);
  Application application(group, options);
  for (const auto& rule : plan) {
    bool found = false;
    for (nn::Module* module : modules) {
      if (!matches(rule.module, module->full_name())) continue;
      application.apply(rule.style, *module);
      found = true;
    }
    TORCH_CHECK(found, "apply_tensor_plan: a rule must match a module: module=", rule.module);
  }
  for (const unit::Unit* unit : units) application.check_covers(*unit);
}

}  // namespace titan::parallel
