#include "runtime/config/rules/validate.h"

#include "runtime/config/rules/python_keys.h"
#include "runtime/config/rules/rules.h"

namespace titan::config {

mesh::Degrees degrees_of(const JobConfig& config) {
  const ParallelismSection& parallelism = config.parallelism;
  return {.dp_replicate = parallelism.data_parallel_replicate_degree,
          .dp_shard = parallelism.data_parallel_shard_degree,
          .cp = parallelism.context_parallel_degree,
          .tp = parallelism.tensor_parallel_degree,
          .pp = parallelism.pipeline_parallel_degree,
          .ep = parallelism.expert_parallel_degree,
          .etp = parallelism.expert_tensor_parallel_degree};
}

void validate(const JobConfig& config, const JobShape& shape) {
  refuse_python_keys(config);
  const mesh::ParallelDims dims(degrees_of(config), shape.world_size);
  dims.check_experts();
  check_tensor_parallel(config, shape.model);
  check_context_parallel(config);
  check_expert_parallel(config);
  check_pipeline(config, shape.model);
  check_batches(config, dims);
  check_sequences(config);
  check_checkpoint(config, shape.world_size);
  check_training(config);
  check_quantization(config);
}

}  // namespace titan::config
