#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/metrics/logger.h"
#include "runtime/platform/cpu_platform.h"
#include "runtime/train/session.h"
#include "validate/divergence/divergence.h"
#include "validate/divergence/observing_platform.h"

namespace titan::validate {

/// What the reference computed in one step; whole tensors. Before the first step: initial parameters alone.
struct ReferenceStep {
  std::vector<std::map<std::string, unit::Tuple>> outputs;          // by microbatch, then unit
  std::vector<std::map<std::string, unit::Tuple>> input_gradients;  // the same
  std::map<std::string, at::Tensor> gradients;   // unclipped; none with the optimizer step in backward
  std::map<std::string, at::Tensor> parameters;  // updated
  at::Tensor grad_norm;
  std::map<Stage, double> scale;  // largest root mean square among a stage's tensors, scalars apart
  std::string fault;              // the step could not be finished: where it first was not finite
};

/// The one-rank run that a composition is compared with: no parallelism, no checkpointing, no fused operators, the same
/// microbatches. Lives on the thread that makes it.
class ReferenceRun {
 public:
  /// `global_rows`: sequences of one step over all ranks of the composition.
  ReferenceRun(const DivergenceOptions& options, int64_t global_rows);

  ReferenceStep initial();
  /// Where the gradient norm is not finite, what it returns has a fault and may lack the rest.
  ReferenceStep run(int64_t step);

 private:
  void compute(int64_t step, ReferenceStep& into);
  void record(const UnitResult& result, ReferenceStep& into);
  void note_non_finite(const UnitResult& result);
  void note_scale(Stage stage, const at::Tensor& tensor, ReferenceStep& into);
  void record_parameters(Stage stage, ReferenceStep& into);

  const DivergenceOptions& options_;
  config::JobConfig config_;
  int64_t global_rows_;
  metrics::Logger quiet_;
  platform::CpuPlatform platform_;
  ObservingPlatform observing_;
  std::unique_ptr<train::Session> session_;
  std::string first_non_finite_;  // of the step
};

}  // namespace titan::validate
