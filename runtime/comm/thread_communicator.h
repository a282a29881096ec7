#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/comm/communicator.h"
#include "runtime/comm/thread_world.h"

namespace titan::comm {

/// Communicator among threads of one process, with real data on the CPU (ThreadWorld makes it). Issuing copies at most
/// the input and never blocks; Work::wait blocks until every rank has issued the operation, whatever else they wait
/// for. Between issue and wait outputs hold NaN (integers -1, bytes 0xFF), so reading too early is seen. Tensors must
/// own their memory. Errors as in Communicator; CommError names both ranks and both calls.
class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(std::shared_ptr<ThreadWorld> world, std::shared_ptr<ThreadGroup> group, int member);

  int rank() const override { return member_; }
  int size() const override { return static_cast<int>(group_->ranks.size()); }
  const std::string& name() const override { return group_->name; }
  Work all_reduce(const at::Tensor& tensor, ReduceOp op, const platform::Stream& stream) override;
  Work all_gather(const at::Tensor& shard, const at::Tensor& full, const platform::Stream& stream) override;
  Work reduce_scatter(const at::Tensor& full, const at::Tensor& shard, ReduceOp op,
                      const platform::Stream& stream) override;
  Work all_to_all(const at::Tensor& send, const at::Tensor& recv, const std::vector<int64_t>& send_splits,
                  const std::vector<int64_t>& recv_splits, const platform::Stream& stream) override;
  Work broadcast(const at::Tensor& tensor, int root, const platform::Stream& stream) override;
  void barrier() override;
  void abort(const std::string& reason) override;

 private:
  Work issue(Call call, const at::Tensor& input, const at::Tensor& output);

  std::shared_ptr<ThreadWorld> world_;
  std::shared_ptr<ThreadGroup> group_;
  int member_;
};

}  // namespace titan::comm
