#pragma once

#include <c10/core/ScalarType.h>

#include <memory>
#include <optional>

#include "runtime/config/job_config.h"
#include "runtime/mesh/device_mesh.h"
#include "runtime/mesh/parallel_dims.h"
#include "runtime/metrics/logger.h"
#include "runtime/optim/optimizer.h"
#include "runtime/parallel/fsdp/fsdp_group.h"
#include "runtime/parallel/tensor/tensor_group.h"
#include "runtime/platform/platform.h"
#include "runtime/train/batch_rules.h"
#include "runtime/train/model_spec.h"
#include "runtime/unit/unit_runner.h"

namespace titan::train {

/// What a session is built from. All references must outlive it.
struct SessionInputs {
  const config::JobConfig& config;
  const ModelSpec& model;
  platform::Platform& platform;
  metrics::Logger& log;
  std::optional<c10::ScalarType> uniform_dtype = {};  // titan.dtype: one dtype everywhere instead of mixed precision
  int64_t fsdp_blocks_per_unit = 1;  // titan.fsdp_blocks_per_unit: that many blocks are gathered and reduced together
};

/// One rank's objects of a training run, built in the reference's order (§8.1): mesh, model, parallelism from outside,
/// parameters materialised and initialised, optimizer. Construction only; Trainer has the loop. Every rank of the world
/// builds its own.
class Session {
 public:
  /// Collective over the world. Throws ConfigError for what the configuration cannot mean.
  explicit Session(const SessionInputs& inputs);

  const config::JobConfig& config() const { return config_; }
  const ModelSpec& model_spec() const { return spec_; }
  platform::Platform& platform() const { return platform_; }
  metrics::Logger& log() const { return log_; }
  const mesh::ParallelDims& dims() const { return dims_; }
  mesh::DeviceMesh& mesh() { return mesh_; }
  const BatchRules& batch_rules() const { return batch_; }
  const unit::DtypePolicy& dtypes() const { return dtypes_; }
  unit::UnitRunner& runner() { return *runner_; }
  optim::Optimizer& optimizer() { return *optimizer_; }

  /// Sequence length that the model computes with: training.seq_len, rounded up to a multiple of the tensor-parallel
  /// degree. Positions beyond training.seq_len carry no label, and causal attention keeps them from the others.
  int64_t padded_seq_len() const { return padded_seq_len_; }

  /// Rank among the data-parallel ranks, which own contiguous parts of the global batch, and their number.
  int batch_rank() const;
  int batch_degree() const;

 private:
  void build_units(Model&& model);
  void parallelise(Model& model);
  std::vector<unit::RunnerUnit> shard_units(Model&& model);
  std::vector<unit::Unit*> sharded_with(const std::vector<unit::Unit*>& units, size_t first) const;
  unit::RunnerUnit make_loss_unit();
  void apply_budget(std::vector<unit::RunnerUnit>& units);
  parallel::TensorGroup tensor_group();
  bool loss_parallel() const;
  std::vector<unit::ShardedDim> output_layout(bool is_head) const;
  void initialise_parameters(const std::vector<unit::RunnerUnit>& units);

  const config::JobConfig& config_;
  const ModelSpec& spec_;
  platform::Platform& platform_;
  metrics::Logger& log_;
  mesh::ParallelDims dims_;
  mesh::DeviceMesh mesh_;
  BatchRules batch_;
  unit::DtypePolicy dtypes_;
  int64_t padded_seq_len_;
  size_t blocks_per_unit_;
  std::unique_ptr<parallel::FsdpGroup> fsdp_group_;
  std::unique_ptr<unit::UnitRunner> runner_;
  std::unique_ptr<optim::Optimizer> optimizer_;
};

}  // namespace titan::train
