#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "runtime/comm/communicator.h"
#include "runtime/platform/platform.h"
#include "runtime/unit/local_shard.h"

namespace titan::optim {

/// The communicators that a norm over all parameters needs.
struct NormMesh {
  /// Finds the communicator of an axis that a shard names in `sharded_axes`.
  std::function<comm::Communicator&(const std::string& axis)> axis;
  /// Communicators whose ranks hold different parameters (pipeline stages).
  std::vector<comm::Communicator*> model_parts;
};

/// Computes the L2 norm over the gradients of all parameters, each element counted once whatever the mesh: squares are
/// summed in float64 per set of sharded axes, then over the ranks of each axis of the set, then over the model parts.
/// Returns a float64 scalar on the device, the same on every rank; the host does not wait. Shards without a gradient
/// count as zero. Every rank of an axis must list the same parameters.
at::Tensor grad_norm(const std::vector<unit::LocalShard*>& shards, const NormMesh& mesh, platform::Platform& platform);

/// Multiplies all gradients by min(1, max_norm / (norm + 1e-6)), in place.
void scale_grads(const std::vector<unit::LocalShard*>& shards, const at::Tensor& norm, double max_norm);

/// Scales the gradients so that their norm is at most `max_norm` and returns the norm from before.
at::Tensor clip_grad_norm(const std::vector<unit::LocalShard*>& shards, double max_norm, const NormMesh& mesh,
                          platform::Platform& platform);

}  // namespace titan::optim
