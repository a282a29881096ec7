#pragma once

#include <cstdint>

namespace titan::train {

/// How many sequences a step takes and how they are divided (reference §8.2).
struct BatchRules {
  int64_t local = 1;         // sequences of one data-parallel rank in one microbatch
  int64_t global = 1;        // sequences of one optimizer step over all ranks
  int64_t accumulation = 1;  // microbatches of one rank in one step

  /// Sequences of one data-parallel rank in one step.
  int64_t per_rank() const { return local * accumulation; }
};

/// Resolves training.{local,global}_batch_size for `batch_degree` data-parallel ranks; a negative global size means no
/// accumulation. Throws ConfigError unless the global size is a multiple of local size times ranks.
BatchRules resolve_batch(int64_t local_batch_size, int64_t global_batch_size, int64_t batch_degree);

}  // namespace titan::train
