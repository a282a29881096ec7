#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "runtime/comm/communicator.h"

namespace titan::comm {

/// One real rank whose peers are imagined, on any device; never blocks. Results have the right shapes and finite
/// values, as with PyTorch's FakeProcessGroup: all_gather repeats the local shard, reduce_scatter gives the own chunk
/// of the local input and all_reduce leaves the data, whatever the op (peers contribute the op's neutral element),
/// all_to_all copies the input, or with splits fills each rank's rows with the first rows of the input (repeated if too
/// few, zero if none), broadcast leaves the data. With size 1 all of this is exact.
class FakeCommunicator : public Communicator {
 public:
  FakeCommunicator(int rank, int size, std::string name);

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  const std::string& name() const override { return name_; }
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
  void throw_if_aborted() const;

  int rank_;
  int size_;
  std::string name_;
  mutable std::mutex mutex_;  // abort may come from any thread
  bool aborted_ = false;
  std::string reason_;
};

}  // namespace titan::comm
