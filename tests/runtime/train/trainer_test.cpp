// The loop: what is logged, when it stops, and what a number that is not finite does.
#include "runtime/train/trainer.h"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "runtime/comm/thread_ranks.h"
#include "runtime/platform/rank_threads.h"
#include "runtime/train/non_finite_error.h"
#include "tests/support/small_llama.h"
#include "validate/divergence/synthetic_batch.h"

namespace titan {
namespace {

struct Loop {
  int64_t last_step = 0;
  int64_t calls_after_first_step = 0;
  std::string log;
};

struct LoopOptions {
  config::JobConfig config = test::small_config();
  int64_t num_batches = 1000;
  int world_size = 1;
  std::function<void(train::Session&)> before_training = {};
};

Loop run_loop(const LoopOptions& options) {
  const auto model = test::small_llama();
  Loop loop;
  std::ostringstream text;
  platform::run_rank_threads(options.world_size, [&](platform::Platform& platform) {
    const bool first = platform.world().rank == 0;
    metrics::Logger log(text, {.quiet = !first});
    train::Session session({.config = options.config, .model = model, .platform = platform, .log = log});
    if (options.before_training) options.before_training(session);
    int64_t step = 0;
    const auto batches = [&]() -> std::optional<data::Batch> {
      if (++step > options.num_batches) return std::nullopt;
      return validate::synthetic_batch(step, session.batch_rules().per_rank(), options.config.training.seq_len, 61);
    };
    metrics::MetricsProcessor metrics({.log_freq = 2, .flops_per_token = 1.0, .colours = false}, log, nullptr,
                                      platform.now());
    train::Trainer trainer(session, batches, metrics, {.after_first_step = [&] {
                             if (first) ++loop.calls_after_first_step;
                           }});
    const int64_t last = trainer.run();
    if (first) loop.last_step = last;
  });
  loop.log = text.str();
  return loop;
}

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Trainer, RunsToTheLastStepAndLogsTheFirstAndEveryLogFreqth) {
  LoopOptions options;
  options.config.training.steps = 5;
  const Loop loop = run_loop(options);
  EXPECT_EQ(loop.last_step, 5);
  EXPECT_EQ(loop.calls_after_first_step, 1);
  // log_freq 2: steps 1, 2 and 4.
  EXPECT_EQ(count(loop.log, "step: "), 3) << loop.log;
}

TEST(Trainer, EndsNormallyWhenTheDataHasEnded) {
  LoopOptions options;
  options.num_batches = 3;
  const Loop loop = run_loop(options);
  EXPECT_EQ(loop.last_step, 3);
  EXPECT_EQ(count(loop.log, "Ran out of data; last step was canceled."), 1);
}

TEST(Trainer, StopsBeforeTheUpdateAtAGradientThatIsNotFiniteNamingStepAndParameter) {
  LoopOptions options;
  options.world_size = 2;
  // An infinite weight in the last block makes the gradients of everything before and around it NaN; the first in order
  // is the embedding's.
  options.before_training = [](train::Session& session) {
    for (auto* shard : session.runner().shards()) {
      if (shard->name == "layers.1.feed_forward.w2.weight") shard->value.fill_(std::numeric_limits<float>::infinity());
    }
  };
  try {
    run_loop(options);
    FAIL() << "trained on with NaN";
  } catch (const comm::RankFailure& failure) {
    const std::string text = failure.what();
    EXPECT_NE(text.find("step 1: the gradient norm is not finite; first parameter affected: tok_embeddings.weight"),
              std::string::npos)
        << text;
  }
}

TEST(Trainer, TheOptimizerStepInBackwardStopsAtTheUnitWhoseGradientIsNotFinite) {
  LoopOptions options;
  options.config.optimizer.early_step_in_backward = true;
  options.before_training = [](train::Session& session) {
    for (auto* shard : session.runner().shards()) {
      if (shard->name == "output.weight") shard->value.fill_(std::numeric_limits<float>::quiet_NaN());
    }
  };
  try {
    run_loop(options);
    FAIL() << "trained on with NaN";
  } catch (const comm::RankFailure& failure) {
    const std::string text = failure.what();
    EXPECT_NE(text.find("first parameter affected: norm.weight"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace titan
