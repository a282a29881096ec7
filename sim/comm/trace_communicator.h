#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/comm/call.h"
#include "runtime/comm/communicator.h"
#include "sim/device/rank_state.h"
#include "sim/trace/descriptor.h"

namespace titan::sim {

/// Communicator without data and without peers: each call is checked as the others check it and becomes one node on the
/// stream given, followed by an event for whoever waits. As with threads and NCCL, an operation's tensors live at least
/// until it has been waited for. Operations of one element type and size share a descriptor.
class TraceCommunicator final : public comm::Communicator {
 public:
  /// `ranks`: global, ascending, `rank`'s own among them.
  TraceCommunicator(std::shared_ptr<RankState> rank, const std::vector<int>& ranks, std::string name);

  int rank() const override { return rank_in_group_; }
  int size() const override { return size_; }
  const std::string& name() const override { return name_; }
  comm::Work all_reduce(const at::Tensor& tensor, comm::ReduceOp op, const platform::Stream& stream) override;
  comm::Work all_gather(const at::Tensor& shard, const at::Tensor& full, const platform::Stream& stream) override;
  comm::Work reduce_scatter(const at::Tensor& full, const at::Tensor& shard, comm::ReduceOp op,
                            const platform::Stream& stream) override;
  comm::Work all_to_all(const at::Tensor& send, const at::Tensor& recv, const std::vector<int64_t>& send_splits,
                        const std::vector<int64_t>& recv_splits, const platform::Stream& stream) override;
  comm::Work broadcast(const at::Tensor& tensor, int root, const platform::Stream& stream) override;
  void barrier() override;
  void abort(const std::string& reason) override;

 private:
  /// Undefined tensors are left out; one that is read and written is given twice.
  comm::Work issue(trace::CollectiveKind kind, const at::Tensor& read, const at::Tensor& written, double bytes,
                   const platform::Stream& stream);

  std::shared_ptr<RankState> state_;
  int rank_in_group_;
  int size_;
  std::string name_;
  uint32_t group_;  // in the trace
  bool is_aborted_ = false;
  std::string reason_;
};

}  // namespace titan::sim
