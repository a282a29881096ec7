#include "runtime/train/checkpoint_policy.h"

#include <algorithm>
#include <string>

#include "runtime/config/config_error.h"
#include "runtime/nn/linear.h"

namespace titan::train {
namespace {

using Shapes = std::set<std::array<int64_t, 2>>;

bool contains_one_of(const std::string& name, const std::vector<std::string>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&name](const std::string& part) { return name.find(part) != std::string::npos; });
}

void collect_shapes(const nn::Module& module, const std::vector<std::string>& names, Shapes& shapes) {
  for (const nn::Module* child : module.children()) {
    if (contains_one_of(child->full_name(), names)) {
      const auto* linear = dynamic_cast<const nn::Linear*>(child);
      if (!linear) {
        throw config::ConfigError("activation_checkpoint.per_op_sac_force_recompute_mm_shapes_by_fqns",
                                  "expected only linear layers, but " + child->full_name() + " is none");
      }
      const auto& size = linear->weight().spec.box.size;
      shapes.insert({size[1], size[0]});
    }
    collect_shapes(*child, names, shapes);
  }
}

}  // namespace

CheckpointPolicy::CheckpointPolicy(const config::ActivationCheckpointSection& settings,
                                   const std::vector<unit::Unit*>& units) {
  if (settings.mode == "full") policy_ = recompute::keep_nothing();
  if (settings.mode != "selective") return;
  if (settings.selective_ac_option == "op") {
    Shapes recomputed;
    for (const unit::Unit* unit : units) {
      collect_shapes(*unit, settings.per_op_sac_force_recompute_mm_shapes_by_fqns, recomputed);
    }
    policy_ = recompute::keep_every_other_matmul(std::move(recomputed));
  } else {
    policy_ = recompute::keep_nothing();
    every_ = std::max<int64_t>(1, std::stoll(settings.selective_ac_option));
  }
}

std::shared_ptr<const recompute::SavePolicy> CheckpointPolicy::of_block(int64_t index) const {
  return (index + 1) % every_ == 0 ? policy_ : nullptr;
}

}  // namespace titan::train
