#include "runtime/train/train_step.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "runtime/ops/cross_entropy.h"
#include "runtime/optim/clip_grad_norm.h"
#include "runtime/optim/non_finite.h"
#include "runtime/train/non_finite_error.h"

namespace titan::train {
namespace {

constexpr int64_t kPaddingToken = 0;  // any: no label depends on it

struct TokenCounts {
  at::Tensor local;   // float64 scalars on the device
  at::Tensor global;  // summed over the data-parallel ranks
};

TokenCounts count_tokens(Session& session, const at::Tensor& labels) {
  auto& platform = session.platform();
  const auto stream = platform.stream(platform::StreamRole::compute);
  TokenCounts counts{.local = labels.ne(ops::kIgnoredLabel).sum().to(at::kDouble).to(platform.device())};
  counts.global = counts.local.clone();
  session.mesh().get("batch").all_reduce(counts.global, comm::ReduceOp::sum, stream).wait(stream);
  return counts;
}

// Rows of one microbatch on the device, filled up to the length that the model computes with.
at::Tensor microbatch_rows(Session& session, const at::Tensor& all, int64_t index, int64_t filling) {
  const int64_t count = session.batch_rules().local;
  const auto rows = all.narrow(0, index * count, count).to(session.platform().device());
  const int64_t missing = session.padded_seq_len() - rows.size(1);
  return missing == 0 ? rows : at::constant_pad_nd(rows, {0, missing}, filling);
}

// Forward and backward of every microbatch; returns the sum of their losses.
at::Tensor run_microbatches(Session& session, const data::Batch& batch, const at::Tensor& loss_gradient) {
  const auto& rules = session.batch_rules();
  const auto device = session.platform().device();
  auto& runner = session.runner();
  at::Tensor loss_sum = at::zeros({}, at::TensorOptions().dtype(session.dtypes().accumulate).device(device));
  for (int64_t m = 0; m < rules.accumulation; ++m) {
    unit::Flight flight;
    const auto outputs = runner.forward({.inputs = {microbatch_rows(session, batch.tokens, m, kPaddingToken)},
                                         .targets = {microbatch_rows(session, batch.labels, m, ops::kIgnoredLabel)}},
                                        flight);
    loss_sum.add_(outputs[0]);
    runner.backward(std::move(flight), {loss_gradient}, m + 1 == rules.accumulation);
  }
  runner.finish_gradients();
  return loss_sum;
}

optim::NormMesh norm_mesh(Session& session) {
  return {.axis = [&session](const std::string& axis) -> comm::Communicator& { return session.mesh().get(axis); }};
}

void check_finite(Session& session, const at::Tensor& grad_norm, const std::vector<unit::LocalShard*>& shards,
                  int64_t step) {
  if (std::isfinite(session.platform().read(grad_norm, 1.0))) return;
  throw NonFiniteError("gradient norm", step,
                       optim::first_non_finite(shards, {&session.mesh().get("world")}, session.platform()));
}

// The optimizer step in backward: each unit is updated as soon as its gradients are complete, and they are freed at
// once. The norm is still that of all gradients; nothing can be clipped by it.
class StepInBackward {
 public:
  StepInBackward(Session& session, int64_t step_number, double lr) : session_(session), step_(step_number) {
    session.runner().on_unit_gradients([this, lr](unit::UnitSharding& sharding) { step(sharding, lr); });
  }
  ~StepInBackward() { session_.runner().on_unit_gradients(nullptr); }

  at::Tensor grad_norm() const { return square_sum_.sqrt(); }

 private:
  void step(unit::UnitSharding& sharding, double lr) {
    const auto shards = sharding.shards();
    const auto norm = optim::grad_norm(shards, norm_mesh(session_), session_.platform());
    check_finite(session_, norm, shards, step_);
    square_sum_ = square_sum_.defined() ? square_sum_ + norm.square() : norm.square();
    for (unit::LocalShard* shard : shards) {
      session_.optimizer().step_one(*shard, lr);
      shard->grad.reset();
    }
  }

  Session& session_;
  int64_t step_;
  at::Tensor square_sum_;
};

}  // namespace

StepResult accumulate_gradients(Session& session, const data::Batch& batch, int64_t step, double lr) {
  const TokenCounts tokens = count_tokens(session, batch.labels);
  const auto accumulate = session.dtypes().accumulate;
  const at::Tensor loss_gradient = tokens.global.reciprocal().to(accumulate);
  StepResult result;
  at::Tensor loss_sum;
  if (session.config().optimizer.early_step_in_backward) {
    StepInBackward stepping(session, step, lr);
    loss_sum = run_microbatches(session, batch, loss_gradient);
    result.grad_norm = stepping.grad_norm();
  } else {
    loss_sum = run_microbatches(session, batch, loss_gradient);
  }
  result.loss_share = loss_sum / tokens.global;
  result.local_loss = loss_sum / tokens.local.clamp_min(1.0);
  return result;
}

void clip_gradients(Session& session, StepResult& result, int64_t step) {
  if (session.config().optimizer.early_step_in_backward) return;
  const auto shards = session.runner().shards();
  result.grad_norm = optim::grad_norm(shards, norm_mesh(session), session.platform());
  check_finite(session, result.grad_norm, shards, step);  // scaling by a NaN would blur whose it was
  optim::scale_grads(shards, result.grad_norm, session.config().training.max_norm);
}

StepResult forward_backward(Session& session, const data::Batch& batch, int64_t step, double lr) {
  StepResult result = accumulate_gradients(session, batch, step, lr);
  clip_gradients(session, result, step);
  return result;
}

StepResult train_step(Session& session, const data::Batch& batch, int64_t step, double lr) {
  const auto scope = session.platform().annotate("step");
  StepResult result = forward_backward(session, batch, step, lr);
  if (!session.config().optimizer.early_step_in_backward) session.optimizer().step(lr);
  session.optimizer().zero_grad();
  return result;
}

}  // namespace titan::train
