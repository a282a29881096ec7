#include "runtime/optim/clip_grad_norm.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <map>
#include <set>

#include "runtime/optim/sum_of_squares.h"

namespace titan::optim {
namespace {

using AxisSet = std::set<std::string>;

/// One entry per set of axes that shards are cut over: the same entries, in the same order, on every rank of these
/// axes.
std::map<AxisSet, at::Tensor> local_sums(const std::vector<unit::LocalShard*>& shards, at::Device device) {
  std::map<AxisSet, std::vector<at::Tensor>> grads;
  for (const unit::LocalShard* shard : shards) {
    auto& of_set = grads[AxisSet(shard->sharded_axes.begin(), shard->sharded_axes.end())];
    if (shard->grad.defined() && shard->grad.numel() > 0) of_set.push_back(shard->grad);
  }
  std::map<AxisSet, at::Tensor> sums;
  for (const auto& [axes, tensors] : grads) sums[axes] = sum_of_squares(tensors, device);
  return sums;
}

/// Adds up over the ranks of one axis what is cut over it, in one operation.
void reduce_over(const std::string& axis, std::map<AxisSet, at::Tensor>& sums, const NormMesh& mesh,
                 const platform::Stream& stream) {
  std::vector<at::Tensor> parts;
  for (const auto& [axes, sum] : sums) {
    if (axes.contains(axis)) parts.push_back(sum);
  }
  const at::Tensor all = at::stack(parts);
  mesh.axis(axis).all_reduce(all, comm::ReduceOp::sum, stream).wait(stream);
  int64_t next = 0;
  for (auto& [axes, sum] : sums) {
    if (axes.contains(axis)) sum = all.select(0, next++);
  }
}

}  // namespace

at::Tensor grad_norm(const std::vector<unit::LocalShard*>& shards, const NormMesh& mesh, platform::Platform& platform) {
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  const platform::Stream stream = platform.stream(platform::StreamRole::compute);
  std::map<AxisSet, at::Tensor> sums = local_sums(shards, platform.device());
  AxisSet axes;
  for (const auto& [set, sum] : sums) axes.insert(set.begin(), set.end());
  for (const std::string& axis : axes) reduce_over(axis, sums, mesh, stream);
  at::Tensor total = at::zeros({}, at::TensorOptions(at::kDouble).device(platform.device()));
  for (const auto& [set, sum] : sums) total.add_(sum);
  for (comm::Communicator* parts : mesh.model_parts) parts->all_reduce(total, comm::ReduceOp::sum, stream).wait(stream);
  return total.sqrt_();
}

void scale_grads(const std::vector<unit::LocalShard*>& shards, const at::Tensor& norm, double max_norm) {
  const at::NoGradGuard no_grad;
  const at::Tensor factor = norm.add(1e-6).reciprocal_().mul_(max_norm).clamp_max_(1.0);
  std::map<at::ScalarType, std::vector<at::Tensor>> by_dtype;  // foreach is fast within one dtype
  for (const unit::LocalShard* shard : shards) {
    if (shard->grad.defined() && shard->grad.numel() > 0) by_dtype[shard->grad.scalar_type()].push_back(shard->grad);
  }
  for (const auto& [dtype, grads] : by_dtype) {
    const at::Tensor cast = factor.to(dtype == at::kDouble ? at::kDouble : at::kFloat);
    at::_foreach_mul_(grads, cast.to(grads.front().device()));
  }
}

at::Tensor clip_grad_norm(const std::vector<unit::LocalShard*>& shards, double max_norm, const NormMesh& mesh,
                          platform::Platform& platform) {
  at::Tensor norm = grad_norm(shards, mesh, platform);
  scale_grads(shards, norm, max_norm);
  return norm;
}

}  // namespace titan::optim
