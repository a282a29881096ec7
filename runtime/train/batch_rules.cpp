#include "runtime/train/batch_rules.h"

#include <string>

#include "runtime/config/config_error.h"

namespace titan::train {

BatchRules resolve_batch(int64_t local_batch_size, int64_t global_batch_size, int64_t batch_degree) {
  const int64_t one_pass = local_batch_size * batch_degree;
  const int64_t global = global_batch_size < 0 ? one_pass : global_batch_size;
  if (global % one_pass != 0) {
    throw config::ConfigError("training.global_batch_size",
                              "global batch size must be multiple of local batch size times data-parallel degree (" +
                                  std::to_string(global) + " % (" + std::to_string(local_batch_size) + " * " +
                                  std::to_string(batch_degree) + ") != 0)");
  }
  return {.local = local_batch_size, .global = global, .accumulation = global / one_pass};
}

}  // namespace titan::train
