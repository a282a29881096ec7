#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/comm/communicator.h"
#include "runtime/comm/failure_monitor.h"
#include "runtime/comm/gloo_channel.h"
#include "runtime/comm/gloo_queue.h"

namespace titan::comm {

/// Communicator among processes, on the CPU, made by GlooWorld. Every operation must complete within the world's
/// timeout from the moment it starts. A peer that is gone or does not come ends the operations of all ranks with a
/// CommError naming operation, communicator and the missing ranks.
class GlooCommunicator final : public Communicator {
 public:
  /// `channel` is null for a single rank. The monitor and the timeout belong to the world, which must outlive this
  /// object; `on_destruction` tells the world when nothing may be asked of it any more.
  GlooCommunicator(GlooGroup group, std::unique_ptr<GlooChannel> channel, FailureMonitor& monitor,
                   const std::atomic<int64_t>& timeout_ms, std::function<void(GlooCommunicator*)> on_destruction);
  /// Ends what is still under way.
  ~GlooCommunicator() override;

  int rank() const override { return group_.rank; }
  int size() const override { return group_.size(); }
  const std::string& name() const override { return group_.name; }

  Work all_reduce(const at::Tensor& tensor, ReduceOp op, const platform::Stream& stream) override;
  Work all_gather(const at::Tensor& shard, const at::Tensor& full, const platform::Stream& stream) override;
  Work reduce_scatter(const at::Tensor& full, const at::Tensor& shard, ReduceOp op,
                      const platform::Stream& stream) override;
  Work all_to_all(const at::Tensor& send, const at::Tensor& recv, const std::vector<int64_t>& send_splits,
                  const std::vector<int64_t>& recv_splits, const platform::Stream& stream) override;
  Work broadcast(const at::Tensor& tensor, int root, const platform::Stream& stream) override;
  void barrier() override;
  void abort(const std::string& reason) override;

  /// What this rank does here, for its peers' messages. From any thread.
  RankStatus status() const { return queue_.status(); }
  /// Ends the operations under way and to come because of `cause`. From any thread.
  void fail(const std::string& cause) { queue_.fail(cause); }

 private:
  const GlooGroup group_;
  FailureMonitor& monitor_;
  const std::function<void(GlooCommunicator*)> on_destruction_;
  GlooQueue queue_;
};

}  // namespace titan::comm
