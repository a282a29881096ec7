#pragma once

#include <ATen/core/Tensor.h>

#include "runtime/data/data_loader.h"
#include "runtime/train/session.h"

namespace titan::train {

/// What one step computed, as device tensors; of these the host has read the norm alone.
struct StepResult {
  at::Tensor loss_share;  // this rank's loss sum over the global token count; summed over ranks it is the mean loss
  at::Tensor local_loss;  // mean loss over this rank's own tokens
  at::Tensor grad_norm;   // over all parameters and ranks, before clipping
};

/// The first half of forward_backward: runs all microbatches and leaves complete, unclipped gradients in the shards.
/// With the optimizer step in backward it is the whole, else `grad_norm` stays undefined. Collective.
StepResult accumulate_gradients(Session& session, const data::Batch& batch, int64_t step, double lr);

/// The second half: computes the norm, checks it and scales the gradients. Does nothing with the optimizer step in
/// backward. Collective; throws as forward_backward does.
void clip_gradients(Session& session, StepResult& result, int64_t step);

/// Runs forward and backward of all microbatches and leaves clipped gradients in the shards. With the optimizer step in
/// backward parameters are updated at rate `lr` here, without clipping. Collective. Throws NonFiniteError, naming
/// `step`, on every rank when the gradient norm is not finite, before any parameter changes; with the optimizer step in
/// backward before any parameter of the affected unit and of the units before it does.
StepResult forward_backward(Session& session, const data::Batch& batch, int64_t step, double lr);

/// One whole training step: forward_backward, then the optimizer.
StepResult train_step(Session& session, const data::Batch& batch, int64_t step, double lr);

}  // namespace titan::train
