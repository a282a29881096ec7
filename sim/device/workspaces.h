#pragma once

#include <cstdint>
#include <vector>

#include "sim/device/op_call.h"

/// Rules of operators.cpp: tensors that CUDA kernels of LibTorch 2.11 allocate and free while they run, as their host
/// code in aten/src/ATen/native/cuda and transformers/cuda/flash_attn says. Temporary storage of cub's sorts and scans
/// is left out: it is freed before the larger ones come.
namespace titan::sim {

/// Up to 3072 indices none (Embedding.cu); above, the sorted indices, segments of equal ones, and the float32 sums of
/// up to 10 rows each (EmbeddingBackwardKernel.cu).
std::vector<uint64_t> workspace_embedding_dense_backward(const OpCall& call);

/// flash_api.cpp, mha_bwd: row sums and the float32 gradient of q, rows rounded up to 128 and head size to 32; with
/// fewer key heads than query heads the gradients of k and v per query head. In float32 and float64 row sums only, as
/// the memory-efficient kernel has it.
std::vector<uint64_t> workspace_attention_backward(const OpCall& call);

/// One partial sum per 65536 elements, for as many as the largest tensor has, for each tensor (ForeachReduceOp.cu).
std::vector<uint64_t> workspace_foreach_norm(const OpCall& call);

}  // namespace titan::sim
