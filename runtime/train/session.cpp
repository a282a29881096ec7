#include "runtime/train/session.h"

#include <ATen/ops/zeros.h>

#include <algorithm>

#include "runtime/config/config_error.h"
#include "runtime/config/rules/validate.h"
#include "runtime/nn/initialise.h"
#include "runtime/nn/loss_unit.h"
#include "runtime/ops/cross_entropy.h"
#include "runtime/ops/fused/cross_entropy.h"
#include "runtime/parallel/fsdp/fsdp_unit.h"
#include "runtime/parallel/tensor/apply_tensor_plan.h"
#include "runtime/parallel/tensor/loss_parallel.h"
#include "runtime/platform/attribute.h"
#include "runtime/train/checkpoint_policy.h"
#include "runtime/train/dtypes.h"
#include "runtime/train/memory_budget.h"
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

int64_t round_up(int64_t number, int64_t multiple) { return (number + multiple - 1) / multiple * multiple; }

bool compiles(const config::JobConfig& config, const std::string& component) {
  const auto& components = config.compile.components;
  return config.compile.enable && std::find(components.begin(), components.end(), component) != components.end();
}

std::vector<unit::Unit*> pointers(const Model& model) {
  std::vector<unit::Unit*> units;
  for (const auto& one : model.units) units.push_back(one.get());
  return units;
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
      dtypes_(dtype_policy(inputs)),
      padded_seq_len_(round_up(config_.training.seq_len, mesh_.size("tp"))),
      blocks_per_unit_(static_cast<size_t>(inputs.fsdp_blocks_per_unit)) {
  log_.info(dims_.building_text());
  log_.info(dims_.created_text());
  build_units(spec_.build({.seq_len = padded_seq_len_}));
  optimizer_ = std::make_unique<optim::Optimizer>(runner_->shards(), optimizer_options(config_.optimizer));
}

int Session::batch_rank() const { return mesh_.rank("batch"); }
int Session::batch_degree() const { return mesh_.size("batch"); }

void Session::build_units(Model&& model) {
  parallelise(model);
  if (compiles(config_, "model")) {
    for (const auto& one : model.units) one->use_fused_operators();
  }
  const auto make_buffers = std::move(model.make_buffers);
  auto units = shard_units(std::move(model));
  {
    const auto memory = platform::attribute(platform_, platform::MemoryCategory::parameters);
    make_buffers(platform_.device(), platform_.has_values());
  }
  initialise_parameters(units);
  if (config_.activation_checkpoint.mode == "memory_budget") apply_budget(units);
  units.push_back(make_loss_unit());
  runner_ = std::make_unique<unit::UnitRunner>(platform_, std::move(units));
}

void Session::parallelise(Model& model) {
  if (mesh_.size("tp") == 1) return;
  if (spec_.tensor_plan.empty()) {
    throw config::ConfigError("parallelism.tensor_parallel_degree",
                              "model " + spec_.name + " has no tensor-parallel plan, found " +
                                  std::to_string(mesh_.size("tp")) + "; allowed: 1");
  }
  parallel::apply_tensor_plan(spec_.tensor_plan, pointers(model), tensor_group(), {.loss_parallel = loss_parallel()});
}

parallel::TensorGroup Session::tensor_group() {
  return {.comm = mesh_.get("tp"), .stream = platform_.stream(platform::StreamRole::compute)};
}

bool Session::loss_parallel() const { return mesh_.size("tp") > 1 && !config_.parallelism.disable_loss_parallel; }

std::vector<unit::RunnerUnit> Session::shard_units(Model&& model) {
  fsdp_group_ =
      std::make_unique<parallel::FsdpGroup>(parallel::FsdpGroup{.platform = platform_,
                                                                .shard = mesh_.get("fsdp"),
                                                                .replicate = mesh_.get("dp_replicate"),
                                                                .tensor = &mesh_.get("tp"),
                                                                .dtypes = dtypes_,
                                                                .cpu_offload = config_.training.enable_cpu_offload});
  const auto all = pointers(model);
  const CheckpointPolicy checkpoints(config_.activation_checkpoint, all);
  const auto& policy = config_.parallelism.fsdp_reshard_after_forward;
  const bool uses_pipeline = config_.parallelism.pipeline_parallel_degree > 1;
  std::vector<unit::RunnerUnit> units;
  std::shared_ptr<unit::UnitSharding> sharding;
  for (size_t i = 0; i < all.size(); ++i) {
    const bool is_head = i + 1 == all.size(), is_block = i > 0 && !is_head;
    if (!is_block || (i - 1) % blocks_per_unit_ == 0) {
      sharding = std::make_shared<parallel::FsdpUnit>(*fsdp_group_, sharded_with(all, i),
                                                      reshard_after_forward(policy, is_head, uses_pipeline));
    }
    units.push_back({.unit = std::move(model.units[i]),
                     .sharding = sharding,
                     .checkpoint = is_block ? checkpoints.of_block(static_cast<int64_t>(i) - 1) : nullptr,
                     .output_layout = output_layout(is_head)});
  }
  return units;
}

// Blocks that follow each other may be one; embedding and head are by themselves.
std::vector<unit::Unit*> Session::sharded_with(const std::vector<unit::Unit*>& units, size_t first) const {
  const size_t head = units.size() - 1;
  if (first == 0 || first == head) return {units[first]};
  return {units.begin() + first, units.begin() + std::min(head, first + blocks_per_unit_)};
}

// Activations are cut along the sequence, logits along the vocabulary.
std::vector<unit::ShardedDim> Session::output_layout(bool is_head) const {
  if (mesh_.size("tp") == 1 || (is_head && !loss_parallel())) return {};
  return {{.axis = "tp", .dim = is_head ? 2 : 1}};
}

void Session::apply_budget(std::vector<unit::RunnerUnit>& units) {
  const auto& settings = config_.activation_checkpoint;
  const auto options = at::TensorOptions().dtype(dtypes_.compute).device(platform_.device());
  const std::vector<int64_t> shape = {batch_.local, padded_seq_len_ / mesh_.size("tp"), spec_.dims.dim};
  apply_memory_budget(
      {.budget = settings.memory_budget,
       .platform = platform_,
       .world = mesh_.get("world"),
       .log = log_,
       .block_input = at::zeros(shape, options),
       .svg_folder = settings.visualize_memory_budget_pareto ? config_.job.dump_folder + "/memory_budget_pareto" : ""},
      units);
}

unit::RunnerUnit Session::make_loss_unit() {
  const bool fused = compiles(config_, "loss");
  nn::LossFunction loss = fused ? ops::fused_cross_entropy_sum : ops::cross_entropy_sum;
  std::string type = fused ? "fused_cross_entropy_sum" : "cross_entropy_sum";
  if (loss_parallel()) {
    loss = [group = tensor_group(), fused](const at::Tensor& logits, const at::Tensor& labels) {
      return parallel::vocab_parallel_cross_entropy_sum(logits, labels, group, fused);
    };
    type = "vocab_parallel_" + type;
  }
  return {.unit = std::make_unique<nn::LossUnit>(type, loss), .takes_targets = true};
}

void Session::initialise_parameters(const std::vector<unit::RunnerUnit>& units) {
  const auto seed = static_cast<uint64_t>(config_.debug.seed.value_or(kDefaultSeed));
  for (size_t u = 0; u < units.size(); ++u) {
    const auto parameters = units[u].unit->parameters();
    const auto shards = unit::shards_of(units, u);
    for (size_t i = 0; i < shards.size(); ++i) {
      if (!platform_.has_values()) {  // only that the memory is written matters
        shards[i]->value.zero_();
        continue;
      }
      nn::fill(shards[i]->value, shards[i]->spec, parameters[i]->init, seed, shards[i]->name);
    }
  }
}

}  // namespace titan::train
