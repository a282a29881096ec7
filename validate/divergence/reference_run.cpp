#include "validate/divergence/reference_run.h"

#include <ATen/ops/isfinite.h>

#include <algorithm>
#include <iostream>

#include "runtime/train/non_finite_error.h"
#include "runtime/train/train_step.h"
#include "validate/divergence/comparison.h"
#include "validate/divergence/synthetic_batch.h"

namespace titan::validate {
namespace {

config::JobConfig reference_config(config::JobConfig config, int64_t global_rows) {
  config.parallelism = {};
  config.parallelism.data_parallel_shard_degree = 1;
  config.activation_checkpoint = {};
  config.activation_checkpoint.mode = "none";
  config.compile = {};
  config.training.enable_cpu_offload = false;
  config.training.global_batch_size = global_rows;
  return config;
}

unit::Tuple copies(const unit::Tuple& tensors) {
  unit::Tuple all;
  for (const auto& one : tensors) all.push_back(one.defined() ? one.detach().clone() : at::Tensor());
  return all;
}

}  // namespace

ReferenceRun::ReferenceRun(const DivergenceOptions& options, int64_t global_rows)
    : options_(options),
      config_(reference_config(options.config, global_rows)),
      global_rows_(global_rows),
      quiet_(std::cout, {.quiet = true}),
      platform_(platform::World{}, nullptr),
      observing_(platform_) {
  session_ = std::make_unique<train::Session>(train::SessionInputs{.config = config_,
                                                                   .model = options.model,
                                                                   .platform = observing_,
                                                                   .log = quiet_,
                                                                   .uniform_dtype = options.dtype});
}

ReferenceStep ReferenceRun::initial() {
  ReferenceStep recorded;
  record_parameters(Stage::initialisation, recorded);
  return recorded;
}

ReferenceStep ReferenceRun::run(int64_t step) {
  const auto num_microbatches = static_cast<size_t>(session_->batch_rules().accumulation);
  ReferenceStep recorded;
  recorded.outputs.resize(num_microbatches);
  recorded.input_gradients.resize(num_microbatches);
  first_non_finite_.clear();
  try {
    compute(step, recorded);
  } catch (const train::NonFiniteError& error) {
    recorded.fault = error.what();
    if (!first_non_finite_.empty()) recorded.fault += "; first in " + first_non_finite_;
  }
  return recorded;
}

void ReferenceRun::compute(int64_t step, ReferenceStep& recorded) {
  const auto batch = synthetic_batch(step, global_rows_, config_.training.seq_len, options_.model.dims.vocab_size);
  observing_.observe([&](const UnitResult& result) { record(result, recorded); });
  const double lr = config_.optimizer.lr;
  train::StepResult outcome = train::accumulate_gradients(*session_, batch, step, lr);
  observing_.observe(nullptr);
  for (const auto* shard : session_->runner().shards()) {
    if (!shard->grad.defined()) continue;
    recorded.gradients[shard->name] = shard->grad.clone();
    note_scale(Stage::backward, shard->grad, recorded);
  }
  train::clip_gradients(*session_, outcome, step);
  recorded.grad_norm = outcome.grad_norm;
  if (!config_.optimizer.early_step_in_backward) session_->optimizer().step(lr);
  session_->optimizer().zero_grad();
  record_parameters(Stage::optimizer, recorded);
}

void ReferenceRun::record(const UnitResult& result, ReferenceStep& into) {
  const bool is_forward = result.phase == unit::Phase::forward;
  auto& of_microbatch = (is_forward ? into.outputs : into.input_gradients).at(static_cast<size_t>(result.microbatch));
  of_microbatch[label(result.unit)] = copies(result.tensors);
  note_non_finite(result);
  for (const auto& tensor : result.tensors) {
    if (tensor.defined()) note_scale(is_forward ? Stage::forward : Stage::backward, tensor, into);
  }
}

void ReferenceRun::note_non_finite(const UnitResult& result) {
  if (!first_non_finite_.empty()) return;
  for (const auto& tensor : result.tensors) {
    if (!tensor.defined() || observing_.read(at::isfinite(tensor).all(), 1.0) != 0.0) continue;
    const bool is_forward = result.phase == unit::Phase::forward;
    first_non_finite_ = std::string(is_forward ? "the output" : "the input gradient") + " of unit " +
                        label(result.unit) + ", microbatch " + std::to_string(result.microbatch);
    return;
  }
}

void ReferenceRun::note_scale(Stage stage, const at::Tensor& tensor, ReferenceStep& into) {
  if (tensor.dim() == 0) return;
  double& scale = into.scale[stage];
  scale = std::max(scale, root_mean_square(tensor.detach(), observing_));
}

void ReferenceRun::record_parameters(Stage stage, ReferenceStep& into) {
  for (const auto* shard : session_->runner().shards()) {
    into.parameters[shard->name] = shard->value.clone();
    note_scale(stage, shard->value, into);
  }
}

}  // namespace titan::validate
