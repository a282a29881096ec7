#pragma once

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/config/job_config.h"
#include "runtime/platform/platform.h"
#include "runtime/train/model_spec.h"

namespace titan::test {

/// One composition to train: the configuration has its degrees; all layouts of one comparison share global batch and
/// steps.
struct LayoutRun {
  config::JobConfig config;
  std::optional<c10::ScalarType> uniform_dtype;
  int64_t fsdp_blocks_per_unit = 1;
  int64_t global_rows = 8;
  int64_t num_steps = 2;
};

/// What training gave, in whole tensors by parameter name.
struct LayoutResult {
  std::vector<double> losses;
  std::vector<double> grad_norms;
  std::map<std::string, at::Tensor> gradients;   // of the last step, clipped
  std::map<std::string, at::Tensor> parameters;  // after the last step
};

/// Trains on the calling rank; every rank of the platform's world must call it. All ranks return the same result.
LayoutResult train_layout(const LayoutRun& run, const train::ModelSpec& model, platform::Platform& platform);

/// Trains on one thread per rank.
LayoutResult train_layout_on_threads(const LayoutRun& run, const train::ModelSpec& model, int world_size);

/// Relative errors allowed: of losses (norms have ten times it), and of each gradient and parameter in its norm.
struct TrainingTolerance {
  double of_losses = 0.0;
  double of_tensors = 0.0;
};

/// Whether two runs gave the same steps, norms, gradients and parameters; else lists every difference. Runs without
/// steps or parameters, or with other gradients than each other, are different.
testing::AssertionResult same_training(const LayoutResult& expected, const LayoutResult& actual,
                                       const TrainingTolerance& tolerance);

}  // namespace titan::test
