#pragma once

#include <functional>
#include <optional>

#include "runtime/data/data_loader.h"
#include "runtime/metrics/metrics_processor.h"
#include "runtime/optim/lr_schedule.h"
#include "runtime/train/session.h"
#include "runtime/train/train_step.h"

namespace titan::train {

/// Gives this rank's sequences of the next step; nothing when the data has ended, on all ranks at the same step.
using BatchSource = std::function<std::optional<data::Batch>()>;

struct TrainerOptions {
  int64_t first_step = 1;                  // after a resume: the step after the last one done
  std::function<void()> after_first_step;  // e.g. shortens communication timeouts; may be empty
};

/// The training loop of one rank.
class Trainer {
 public:
  /// References must outlive the trainer.
  Trainer(Session& session, BatchSource batches, metrics::MetricsProcessor& metrics, TrainerOptions options = {});

  /// Trains up to training.steps or to the end of the data. Collective. Returns the last step done. Throws
  /// NonFiniteError.
  int64_t run();

 private:
  std::optional<data::Batch> next_batch();
  void report(int64_t step, const StepResult& result, double lr);

  Session& session_;
  BatchSource batches_;
  metrics::MetricsProcessor& metrics_;
  TrainerOptions options_;
  optim::LrOptions lr_options_;
  int64_t tokens_seen_ = 0;  // by all ranks
};

}  // namespace titan::train
