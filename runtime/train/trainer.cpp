#include "runtime/train/trainer.h"

#include <cmath>
#include <utility>

#include "runtime/train/non_finite_error.h"
#include "runtime/train/optimizer_settings.h"

namespace titan::train {

Trainer::Trainer(Session& session, BatchSource batches, metrics::MetricsProcessor& metrics, TrainerOptions options)
    : session_(session),
      batches_(std::move(batches)),
      metrics_(metrics),
      options_(std::move(options)),
      lr_options_(lr_options(session.config().lr_scheduler)) {
  const auto& rules = session.batch_rules();
  const auto& config = session.config();
  for (const auto& warning : optim::lr_warnings(lr_options_, config.training.steps)) session.log().warning(warning);
  session.log().info(
      "Trainer is initialized with local batch size " + std::to_string(rules.local) + ", global batch size " +
      std::to_string(rules.global) + ", gradient accumulation steps " + std::to_string(rules.accumulation) +
      ", sequence length " + std::to_string(config.training.seq_len) + ", total steps " +
      std::to_string(config.training.steps) + " (warmup " + std::to_string(config.lr_scheduler.warmup_steps) + ")");
  const int64_t tokens_per_step = rules.global * config.training.seq_len;
  tokens_seen_ = (options_.first_step - 1) * tokens_per_step;
}

int64_t Trainer::run() {
  const auto& training = session_.config().training;
  session_.log().info("Training starts at step " + std::to_string(options_.first_step));
  for (int64_t step = options_.first_step; step <= training.steps; ++step) {
    const auto batch = next_batch();
    if (!batch) {
      session_.log().warning("Ran out of data; last step was canceled.");
      return step - 1;
    }
    const double lr = session_.config().optimizer.lr * optim::lr_factor(step - 1, lr_options_, training.steps);
    const StepResult result = train_step(session_, *batch, step, lr);
    tokens_seen_ += session_.batch_rules().global * training.seq_len;
    if (metrics_.should_log(step)) report(step, result, lr);
    if (step == options_.first_step && options_.after_first_step) options_.after_first_step();
  }
  return training.steps;
}

std::optional<data::Batch> Trainer::next_batch() {
  auto& platform = session_.platform();
  const double begin = platform.now();
  auto batch = batches_();
  if (batch) metrics_.add_batch(batch->labels.numel(), platform.now() - begin);
  return batch;
}

void Trainer::report(int64_t step, const StepResult& result, double lr) {
  auto& platform = session_.platform();
  auto& loss_mesh = session_.mesh().get("loss");
  const auto stream = platform.stream(platform::StreamRole::compute);
  const at::Tensor loss = result.loss_share.clone(), max_loss = result.local_loss.clone();
  loss_mesh.all_reduce(loss, comm::ReduceOp::sum, stream).wait(stream);
  loss_mesh.all_reduce(max_loss, comm::ReduceOp::max, stream).wait(stream);
  metrics::StepValues values{.lr = lr, .tokens_seen = tokens_seen_};
  if (platform.has_values()) {
    values.loss = platform.read(loss, 0.0);
    values.max_loss = platform.read(max_loss, 0.0);
    values.grad_norm = platform.read(result.grad_norm, 1.0);
    if (!std::isfinite(*values.loss)) throw NonFiniteError("loss", step, std::nullopt);
  }
  metrics_.log_step(step, values, platform.memory_stats(), platform.now());
}

}  // namespace titan::train
