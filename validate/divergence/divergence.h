#pragma once

#include <c10/core/ScalarType.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/config/job_config.h"
#include "runtime/platform/platform.h"
#include "runtime/train/model_spec.h"
#include "runtime/train/session.h"

namespace titan::validate {

/// The parts of a run, in order of execution. backward holds the gradients of unit inputs and of parameters before
/// clipping, clip the gradient norm, optimizer the updated parameters.
enum class Stage { initialisation, forward, backward, clip, optimizer };
const char* name_of(Stage stage);

/// Let a test disturb the composition (never the reference). Called on the rank's own thread.
struct DivergenceHooks {
  /// Wraps the platform that a rank's session is built on; null keeps it.
  std::function<std::unique_ptr<platform::Platform>(platform::Platform&)> decorate;
  std::function<void(train::Session&)> after_build;
  std::function<void(train::Session&, int64_t step)> after_update;
};

/// What is compared with its one-rank reference. Degrees, batch and sequence sizes come from `config`, whose rules have
/// been checked for `world_size` ranks. Both sides update at the full optimizer.lr from the first step on.
struct DivergenceOptions {
  config::JobConfig config;
  train::ModelSpec model;
  int world_size = 1;
  int64_t num_steps = 2;
  c10::ScalarType dtype = c10::kDouble;  // everywhere, on both sides
  double tolerance = 1e-9;               // relative, of each tensor in norm
  int64_t fsdp_blocks_per_unit = 1;      // of the composition; the reference has one rank
  std::function<void(const std::string&)> progress;
  DivergenceHooks hooks = {};
};

/// What is wrong with a tensor: its values; or this rank has none where the reference has one; or the other way round.
enum class Mismatch { values, missing, unexpected };
const char* name_of(Mismatch mismatch);

/// A tensor of one rank that is not what the reference has.
struct Divergence {
  int64_t step = 0;         // 0: before the first
  int64_t microbatch = -1;  // of the rank; -1: the stage knows none
  Stage stage = Stage::forward;
  std::string unit;    // "" for the gradient norm
  std::string tensor;  // "output", "input gradient", "layers.0.ffn_norm.weight gradient", ...
  int rank = 0;
  Mismatch mismatch = Mismatch::values;  // the numbers below are about values
  double error = 0.0;                    // infinite for a tensor that one side lacks
  int64_t index = 0;                     // of the largest difference in the rank's part of the tensor, row-major
  double value = 0.0;
  double reference = 0.0;
  std::string hint;                // what the tensors suggest; may be empty
  std::array<int64_t, 5> order{};  // place in the run: smaller is earlier
};

/// The largest errors of one unit over all ranks, microbatches and tensors of the last step that ran.
struct UnitErrors {
  std::string unit;
  double forward = 0.0;
  double backward = 0.0;
  double update = 0.0;
};

struct DivergenceReport {
  int world_size = 1;
  int64_t num_steps = 0;    // that ran
  int64_t num_tensors = 0;  // compared, over all ranks
  double tolerance = 0.0;
  double largest_error = 0.0;
  std::string largest_where;  // "layers.3 backward"
  std::optional<Divergence> first;
  // Where the reference itself stopped being finite, so that nothing can be compared; empty: nowhere. Of the last step.
  std::string reference_fault;
  std::vector<UnitErrors> growth;  // in order of execution

  bool agrees() const { return !first && reference_fault.empty(); }
};

/// Runs the composition, one thread per rank, and the reference on rank 0's thread, step by step, and compares every
/// unit's outputs and input gradients, the parameters' gradients, the gradient norm and the updated parameters. Stops
/// after the first step that differs, and where the reference's gradient norm is not finite. Needs the reference's
/// activations of one step in memory.
DivergenceReport find_divergence(const DivergenceOptions& options);

}  // namespace titan::validate
