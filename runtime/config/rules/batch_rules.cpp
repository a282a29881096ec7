#include "runtime/config/config_error.h"
#include "runtime/config/rules/rules.h"

namespace titan::config {
namespace {

void check_sequence(const char* key, int64_t seq_len, const ParallelismSection& parallelism) {
  const bool head_and_tail = parallelism.context_parallel_load_balancer == "headtail";
  const int64_t cp = parallelism.context_parallel_degree;
  const int64_t divisor = head_and_tail ? 2 * cp : cp;
  if (cp == 1 || seq_len % divisor == 0) return;
  throw ConfigError(key, "Sequence length " + std::to_string(seq_len) + " must be divisible by " +
                             (head_and_tail ? "2 * CP degree (" : "the CP degree (") + std::to_string(cp) + ")");
}

}  // namespace

void check_batches(const JobConfig& config, const mesh::ParallelDims& dims) {
  const int64_t global = config.training.global_batch_size;
  const int64_t local = config.training.local_batch_size;
  const int64_t degree = dims.size(mesh::Axis::kBatch);
  if (global < 0) return;
  int64_t at_once = 0;
  const bool too_large = __builtin_mul_overflow(local, degree, &at_once);
  if (!too_large && global % at_once == 0) return;
  throw ConfigError("training.global_batch_size",
                    "global batch size must be multiple of local batch size times data-parallel degree (" +
                        std::to_string(global) + " % (" + std::to_string(local) + " * " + std::to_string(degree) +
                        ") != 0)");
}

void check_sequences(const JobConfig& config) {
  check_sequence("training.seq_len", config.training.seq_len, config.parallelism);
  if (config.validation.enable) check_sequence("validation.seq_len", config.validation.seq_len, config.parallelism);
}

}  // namespace titan::config
