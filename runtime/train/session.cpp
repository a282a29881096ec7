#include "runtime/train/session.h"

#include "runtime/config/rules/validate.h"
#include "runtime/nn/initialise.h"
#include "runtime/nn/loss_unit.h"
#include "runtime/parallel/fsdp/fsdp_unit.h"
#include "runtime/train/checkpoint_policy.h"
#include "runtime/train/dtypes.h"
#include "runtime/train/mesh_axes.h"
#include "runtime/train/optimizer_settings.h"

namespace titan::train {
namespace {

// Without debug.seed every run starts from the same weights; the reference draws a seed per run.
constexpr int64_t kDefaultSeed = 0;

unit::DtypePolicy dtype_policy(const SessionInputs& inputs) {
  if (inputs.uniform_dtype) return unit::DtypePolicy::uniform(*inputs.uniform_dtype);
  const auto& training = inputs.config.training;
  return {.storage = parse_dtype(training.dtype),
          .compute = parse_dtype(training.mixed_precision_param),
          .reduce = parse_dtype(training.mixed_precision_reduce),
          .accumulate = c10::kFloat};
}

// The head (norm + output) is needed again at once in backward, so only "always" frees it in between (reference §4.3).
bool reshard_after_forward(const std::string& policy, bool is_head, bool uses_pipeline) {
  if (policy == "always") return true;
  if (policy == "never") return false;
  return !is_head && !uses_pipeline;
}

}  // namespace

Session::Session(const SessionInputs& inputs)
    : config_(inputs.config),
      spec_(inputs.model),
      platform_(inputs.platform),
      log_(inputs.log),
      dims_(config::degrees_of(inputs.config), inputs.platform.world().size),
      mesh_(inputs.platform, mesh_axes(dims_, inputs.platform.world().rank)),
      batch_(resolve_batch(config_.training.local_batch_size, config_.training.global_batch_size, batch_degree())),
      dtypes_(dtype_policy(inputs)) {
  log_.info(dims_.building_text());
  log_.info(dims_.created_text());
  build_units(spec_.build({.seq_len = config_.training.seq_len}));
  if (platform_.has_values()) initialise_parameters();
  optimizer_ = std::make_unique<optim::Optimizer>(runner_->shards(), optimizer_options(config_.optimizer));
}

int Session::batch_rank() const { return mesh_.rank("batch"); }
int Session::batch_degree() const { return mesh_.size("batch"); }

void Session::build_units(Model&& model) {
  fsdp_group_ =
      std::make_unique<parallel::FsdpGroup>(parallel::FsdpGroup{.platform = platform_,
                                                                .shard = mesh_.get("fsdp"),
                                                                .replicate = mesh_.get("dp_replicate"),
                                                                .dtypes = dtypes_,
                                                                .cpu_offload = config_.training.enable_cpu_offload});
  const auto& policy = config_.parallelism.fsdp_reshard_after_forward;
  std::vector<unit::RunnerUnit> units;
  const auto num_units = static_cast<int64_t>(model.units.size());
  for (int64_t i = 0; i < num_units; ++i) {
    const bool is_head = i + 1 == num_units;
    const bool is_block = i > 0 && !is_head;
    auto& one = model.units[i];
    auto sharding = std::make_unique<parallel::FsdpUnit>(
        *fsdp_group_, *one, reshard_after_forward(policy, is_head, config_.parallelism.pipeline_parallel_degree > 1));
    const auto checkpoint = is_block ? block_checkpoint(config_.activation_checkpoint, i - 1) : unit::Checkpoint::none;
    units.push_back({.unit = std::move(one), .sharding = std::move(sharding), .checkpoint = checkpoint});
  }
  units.push_back({.unit = std::make_unique<nn::LossUnit>(), .takes_targets = true});
  model.make_buffers(platform_.device());
  runner_ = std::make_unique<unit::UnitRunner>(platform_, std::move(units));
}

void Session::initialise_parameters() {
  const auto seed = static_cast<uint64_t>(config_.debug.seed.value_or(kDefaultSeed));
  for (const auto& one : runner_->units()) {
    if (!one.sharding) continue;
    const auto parameters = one.unit->parameters();
    const auto shards = one.sharding->shards();
    for (size_t i = 0; i < shards.size(); ++i) {
      nn::fill(shards[i]->value, shards[i]->spec, parameters[i]->init, seed, shards[i]->name);
    }
  }
}

}  // namespace titan::train
