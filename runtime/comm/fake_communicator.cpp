#include "runtime/comm/fake_communicator.h"

#include <algorithm>
#include <utility>

#include "runtime/comm/call.h"
#include "runtime/comm/comm_error.h"
#include "runtime/comm/enqueue.h"

namespace titan::comm {
namespace {

/// Writes the first rows of `from` over all of `to`, again and again if there are too few.
void fill_rows(const at::Tensor& to, const at::Tensor& from) {
  if (from.size(0) == 0) {
    to.zero_();
    return;
  }
  for (int64_t begin = 0; begin < to.size(0); begin += from.size(0)) {
    const int64_t rows = std::min(from.size(0), to.size(0) - begin);
    to.narrow(0, begin, rows).copy_(from.narrow(0, 0, rows));
  }
}

}  // namespace

FakeCommunicator::FakeCommunicator(int rank, int size, std::string name)
    : rank_(rank), size_(size), name_(std::move(name)) {
  TORCH_CHECK(rank >= 0 && rank < size, "FakeCommunicator: rank must be in [0, size): rank=", rank, " size=", size);
}

Work FakeCommunicator::all_reduce(const at::Tensor& tensor, ReduceOp op, const platform::Stream& stream) {
  throw_if_aborted();
  all_reduce_call(tensor, op);
  return enqueue(tensor.device(), stream, [] {});
}

Work FakeCommunicator::all_gather(const at::Tensor& shard, const at::Tensor& full, const platform::Stream& stream) {
  throw_if_aborted();
  all_gather_call(shard, full, size_);
  return enqueue(shard.device(), stream, [&] {
    // The shard may be a part of `full`; copying it onto itself is harmless.
    const at::Tensor slots = full.view({size_, shard.numel()});
    slots.copy_(shard.view({1, shard.numel()}).expand_as(slots));
  });
}

Work FakeCommunicator::reduce_scatter(const at::Tensor& full, const at::Tensor& shard, ReduceOp op,
                                      const platform::Stream& stream) {
  throw_if_aborted();
  reduce_scatter_call(full, shard, op, size_);
  return enqueue(full.device(), stream,
                 [&] { shard.view({-1}).copy_(full.view({-1}).narrow(0, rank_ * shard.numel(), shard.numel())); });
}

Work FakeCommunicator::all_to_all(const at::Tensor& send, const at::Tensor& recv,
                                  const std::vector<int64_t>& send_splits, const std::vector<int64_t>& recv_splits,
                                  const platform::Stream& stream) {
  throw_if_aborted();
  const Call call = all_to_all_call(send, recv, send_splits, recv_splits, size_);
  return enqueue(send.device(), stream, [&] {
    if (send_splits.empty() && recv_splits.empty()) {
      recv.copy_(send);
      return;
    }
    int64_t begin = 0;
    for (const int64_t rows : call.recv_splits) {
      fill_rows(recv.narrow(0, begin, rows), send);
      begin += rows;
    }
  });
}

Work FakeCommunicator::broadcast(const at::Tensor& tensor, int root, const platform::Stream& stream) {
  throw_if_aborted();
  broadcast_call(tensor, root, size_);
  return enqueue(tensor.device(), stream, [] {});
}

void FakeCommunicator::barrier() { throw_if_aborted(); }

void FakeCommunicator::abort(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(aborted_, true)) reason_ = reason;
}

void FakeCommunicator::throw_if_aborted() const {
  const std::lock_guard lock(mutex_);
  if (aborted_) throw CommError(reason_);
}

}  // namespace titan::comm
