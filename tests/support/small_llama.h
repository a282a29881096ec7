#pragma once

#include "runtime/config/job_config.h"
#include "runtime/train/model_spec.h"

namespace titan::test {

/// A Llama of 2 blocks with heads of 4. For one tensor-parallel rank: 12 heads, 4 key/value heads and sizes that few
/// rank counts divide: dim 48, ffn 56, 61 words. For more: the smallest sizes that `tensor_ranks` divide, and little
/// else does.
train::ModelSpec small_llama(int tensor_ranks = 1, int num_layers = 2);

/// A configuration for small_llama: seq_len 16, float32 everywhere, no checkpointing, clipping that bites.
config::JobConfig small_config();

}  // namespace titan::test
