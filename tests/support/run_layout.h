#pragma once

#include <ATen/core/Tensor.h>

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

/// Compares with the one-rank run. `tolerance`: relative, of losses and norms; `tensor_tolerance`: of each tensor in
/// its norm.
void expect_same_training(const LayoutResult& expected, const LayoutResult& actual, double tolerance,
                          double tensor_tolerance, const std::string& what);

}  // namespace titan::test
