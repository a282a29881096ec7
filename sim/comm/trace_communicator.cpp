#include "sim/comm/trace_communicator.h"

#include <c10/core/ScalarType.h>

#include <algorithm>
#include <utility>

#include "runtime/comm/comm_error.h"
#include "sim/device/storage.h"

namespace titan::sim {
namespace {

using trace::Argument;
using trace::CollectiveKind;

class TraceWork final : public comm::WorkImpl {
 public:
  TraceWork(std::shared_ptr<RankState> rank, uint32_t event, at::Tensor read, at::Tensor written)
      : rank_(std::move(rank)), event_(event), read_(std::move(read)), written_(std::move(written)) {}

  void wait(const platform::Stream& stream) override {
    if (!rank_) return;
    rank_->recorder().wait_event(static_cast<uint8_t>(stream.id), event_);
    release();
  }
  void wait_host() override {
    if (!rank_) return;
    rank_->recorder().host_wait(event_);
    release();
  }

 private:
  void release() {
    read_.reset();
    written_.reset();
    rank_.reset();
  }

  std::shared_ptr<RankState> rank_;  // null once waited for
  uint32_t event_;
  at::Tensor read_, written_;
};

double bytes_of(const at::Tensor& tensor) { return static_cast<double>(tensor.nbytes()); }

void append(const at::Tensor& tensor, Argument::Access access, std::vector<Argument>& arguments) {
  const Allocation* allocation = tensor.defined() ? allocation_of(tensor) : nullptr;
  if (allocation) arguments.emplace_back(allocation->storage, access);
}

std::vector<Argument> arguments_of(const at::Tensor& read, const at::Tensor& written) {
  std::vector<Argument> arguments;
  const bool is_one = read.defined() && written.defined() && allocation_of(read) == allocation_of(written);
  if (is_one) {
    append(read, Argument::Access::read_write, arguments);
  } else {
    append(read, Argument::Access::read, arguments);
    append(written, Argument::Access::write, arguments);
  }
  return arguments;
}

}  // namespace

TraceCommunicator::TraceCommunicator(std::shared_ptr<RankState> rank, const std::vector<int>& ranks, std::string name)
    : state_(std::move(rank)), size_(static_cast<int>(ranks.size())), name_(std::move(name)) {
  rank_in_group_ = static_cast<int>(std::find(ranks.begin(), ranks.end(), state_->rank()) - ranks.begin());
  group_ = state_->recorder().intern(trace::Group{.name = name_, .ranks = {ranks.begin(), ranks.end()}});
}

comm::Work TraceCommunicator::issue(CollectiveKind kind, const at::Tensor& read, const at::Tensor& written,
                                    double bytes, const platform::Stream& stream) {
  if (is_aborted_) throw comm::CommError(reason_);
  for (const at::Tensor* tensor : {&read, &written}) {
    TORCH_CHECK(!tensor->defined() || (is_simulated(*tensor) && !is_on_host(*tensor)), "collective '", name_,
                "': tensors must be on the simulated device: device=", tensor->device());
  }
  const at::Tensor& any = read.defined() ? read : written;
  trace::Recorder& recorder = state_->recorder();
  const uint32_t descriptor = recorder.intern(
      trace::CollectiveDescriptor{.kind = kind,
                                  .group = group_,
                                  .dtype = any.defined() ? c10::getDtypeNames(any.scalar_type()).first : "",
                                  .bytes = bytes});
  const auto on = static_cast<uint8_t>(stream.id);
  recorder.collective(on, descriptor, arguments_of(read, written));
  return comm::Work(std::make_shared<TraceWork>(state_, recorder.record_event(on), read, written));
}

comm::Work TraceCommunicator::all_reduce(const at::Tensor& tensor, comm::ReduceOp op, const platform::Stream& stream) {
  comm::all_reduce_call(tensor, op);
  return issue(CollectiveKind::all_reduce, tensor, tensor, bytes_of(tensor), stream);
}

comm::Work TraceCommunicator::all_gather(const at::Tensor& shard, const at::Tensor& full,
                                         const platform::Stream& stream) {
  comm::all_gather_call(shard, full, size_);
  return issue(CollectiveKind::all_gather, shard, full, bytes_of(full), stream);
}

comm::Work TraceCommunicator::reduce_scatter(const at::Tensor& full, const at::Tensor& shard, comm::ReduceOp op,
                                             const platform::Stream& stream) {
  comm::reduce_scatter_call(full, shard, op, size_);
  return issue(CollectiveKind::reduce_scatter, full, shard, bytes_of(full), stream);
}

comm::Work TraceCommunicator::all_to_all(const at::Tensor& send, const at::Tensor& recv,
                                         const std::vector<int64_t>& send_splits,
                                         const std::vector<int64_t>& recv_splits, const platform::Stream& stream) {
  comm::all_to_all_call(send, recv, send_splits, recv_splits, size_);
  return issue(CollectiveKind::all_to_all, send, recv, bytes_of(send), stream);
}

comm::Work TraceCommunicator::broadcast(const at::Tensor& tensor, int root, const platform::Stream& stream) {
  comm::broadcast_call(tensor, root, size_);
  const bool sends = root == rank_in_group_;
  return issue(CollectiveKind::broadcast, sends ? tensor : at::Tensor(), sends ? at::Tensor() : tensor,
               bytes_of(tensor), stream);
}

void TraceCommunicator::barrier() {
  issue(CollectiveKind::barrier, at::Tensor(), at::Tensor(), 0.0, platform::Stream{}).wait_host();
}

void TraceCommunicator::abort(const std::string& reason) {
  if (!std::exchange(is_aborted_, true)) reason_ = reason;
}

}  // namespace titan::sim
