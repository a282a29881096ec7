#include "tests/support/run_layout.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <iostream>
#include <sstream>

#include "runtime/platform/rank_threads.h"
#include "runtime/train/session.h"
#include "runtime/train/train_step.h"
#include "tests/support/small_llama.h"
#include "validate/divergence/synthetic_batch.h"

namespace titan::test {
namespace {

constexpr double kLearningRate = 8e-4;  // the schema's default: what a run would use

// Puts the parts of one tensor together that the ranks of its sharded axes hold.
at::Tensor whole(const at::Tensor& part, const unit::LocalShard& shard, train::Session& session) {
  const auto stream = session.platform().stream(platform::StreamRole::compute);
  const auto full = at::zeros(shard.spec.global_shape, part.options());
  at::Tensor place = full;
  for (int64_t dim = 0; dim < full.dim(); ++dim) {
    place = place.narrow(dim, shard.spec.box.offset[dim], shard.spec.box.size[dim]);
  }
  place.copy_(part);
  for (const auto& axis : shard.sharded_axes) {
    session.mesh().get(axis).all_reduce(full, comm::ReduceOp::sum, stream).wait(stream);
  }
  return full;
}

double global_loss(train::Session& session, const at::Tensor& share) {
  const auto stream = session.platform().stream(platform::StreamRole::compute);
  const auto sum = share.clone();
  session.mesh().get("loss").all_reduce(sum, comm::ReduceOp::sum, stream).wait(stream);
  return session.platform().read(sum, 0.0);
}

/// Collects what is different.
class Differences {
 public:
  void number(const std::string& what, double expected, double actual, double tolerance) {
    if (std::abs(actual - expected) <= tolerance * std::abs(expected)) return;
    lines_ << "\n  " << what << ": expected " << expected << ", is " << actual;
  }

  void tensor(const std::string& what, const at::Tensor& expected, const at::Tensor& actual, double tolerance) {
    const double error = (actual - expected).norm().item<double>(), norm = expected.norm().item<double>();
    if (error <= tolerance * norm) return;
    lines_ << "\n  " << what << ": error of " << error << " at a norm of " << norm;
  }

  void tensors(const std::string& what, const std::map<std::string, at::Tensor>& expected,
               const std::map<std::string, at::Tensor>& actual, double tolerance) {
    number("number of " + what + "s", expected.size(), actual.size(), 0.0);
    for (const auto& [name, value] : expected) {
      const auto found = actual.find(name);
      if (found == actual.end()) {
        lines_ << "\n  " << what << ' ' << name << " is missing";
      } else {
        tensor(what + ' ' + name, value, found->second, tolerance);
      }
    }
  }

  testing::AssertionResult result() const {
    const auto lines = lines_.str();
    return lines.empty() ? testing::AssertionSuccess() : testing::AssertionFailure() << "training differs" << lines;
  }

 private:
  std::ostringstream lines_;
};

bool has_content(const LayoutResult& result) {
  return !result.losses.empty() && result.grad_norms.size() == result.losses.size() && !result.parameters.empty();
}

}  // namespace

LayoutResult train_layout(const LayoutRun& run, const train::ModelSpec& model, platform::Platform& platform) {
  metrics::Logger quiet(std::cout, {.quiet = true});
  train::Session session({.config = run.config,
                          .model = model,
                          .platform = platform,
                          .log = quiet,
                          .uniform_dtype = run.uniform_dtype,
                          .fsdp_blocks_per_unit = run.fsdp_blocks_per_unit});
  const int64_t num_rows = run.global_rows / session.batch_degree();
  LayoutResult result;
  for (int64_t step = 1; step <= run.num_steps; ++step) {
    const auto global =
        validate::synthetic_batch(step, run.global_rows, run.config.training.seq_len, model.dims.vocab_size);
    const auto mine = validate::rows(global, session.batch_rank() * num_rows, num_rows);
    const auto outcome = train::forward_backward(session, mine, step, kLearningRate);
    result.losses.push_back(global_loss(session, outcome.loss_share));
    result.grad_norms.push_back(platform.read(outcome.grad_norm, 0.0));
    if (run.config.optimizer.early_step_in_backward) continue;
    if (step == run.num_steps) {
      for (auto* shard : session.runner().shards()) {
        result.gradients[shard->name] = whole(shard->grad, *shard, session);
      }
    }
    session.optimizer().step(kLearningRate);
    session.optimizer().zero_grad();
  }
  for (auto* shard : session.runner().shards()) {
    result.parameters[shard->name] = whole(shard->value, *shard, session);
  }
  return result;
}

LayoutResult train_layout_on_threads(const LayoutRun& run, const train::ModelSpec& model, int world_size) {
  LayoutResult result;
  platform::run_rank_threads(world_size, [&](platform::Platform& platform) {
    auto mine = train_layout(run, model, platform);
    if (platform.world().rank == world_size - 1) result = std::move(mine);
  });
  return result;
}

testing::AssertionResult same_training(const LayoutResult& expected, const LayoutResult& actual,
                                       const TrainingTolerance& tolerance) {
  if (!has_content(expected) || !has_content(actual)) return testing::AssertionFailure() << "a run without content";
  if (expected.losses.size() != actual.losses.size()) return testing::AssertionFailure() << "another number of steps";
  Differences differences;
  for (size_t i = 0; i < expected.losses.size(); ++i) {
    const auto step = " of step " + std::to_string(i + 1);
    differences.number("loss" + step, expected.losses[i], actual.losses[i], tolerance.of_losses);
    differences.number("norm" + step, expected.grad_norms[i], actual.grad_norms[i], 10 * tolerance.of_losses);
  }
  differences.tensors("gradient", expected.gradients, actual.gradients, tolerance.of_tensors);
  differences.tensors("parameter", expected.parameters, actual.parameters, tolerance.of_tensors);
  return differences.result();
}

}  // namespace titan::test
