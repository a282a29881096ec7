#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/comm/work.h"
#include "runtime/platform/stream.h"

namespace titan::comm {

enum class ReduceOp { sum, avg, max, min };

/// Collective operations among the ranks of one mesh axis.
/// Every rank must issue the same operations, with the same shapes and dtypes, in the same order. Calls enqueue on the
/// stream given and return at once: inputs must not be written and outputs must not be read before the Work has been
/// waited for. One communicator is first-in first-out whatever the streams. Tensors are contiguous and on the
/// platform's device. All ranks get bitwise the same sums. Not thread-safe: one issuing thread per communicator.
/// Errors: c10::Error naming operation, rule and values for a broken contract; CommError for a failed or mismatched
/// peer.
class Communicator {
 public:
  virtual ~Communicator() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual const std::string& name() const = 0;

  /// tensor = op over ranks of tensor, in place.
  virtual Work all_reduce(const at::Tensor& tensor, ReduceOp op, const platform::Stream& stream) = 0;
  /// full = concatenation over ranks of shard; full.numel() = size() * shard.numel(), rank 0 first.
  virtual Work all_gather(const at::Tensor& shard, const at::Tensor& full, const platform::Stream& stream) = 0;
  /// shard = this rank's part of (op over ranks of full); full.numel() = size() * shard.numel().
  virtual Work reduce_scatter(const at::Tensor& full, const at::Tensor& shard, ReduceOp op,
                              const platform::Stream& stream) = 0;
  /// Sends send_splits[r] rows (dim 0) of `send` to rank r and receives recv_splits[r] rows from it, in rank order.
  /// Empty splits mean equal parts.
  virtual Work all_to_all(const at::Tensor& send, const at::Tensor& recv, const std::vector<int64_t>& send_splits,
                          const std::vector<int64_t>& recv_splits, const platform::Stream& stream) = 0;
  /// tensor = root's tensor (root: rank in this communicator).
  virtual Work broadcast(const at::Tensor& tensor, int root, const platform::Stream& stream) = 0;
  /// Blocks the host until every rank has come here.
  virtual void barrier() = 0;

  /// Ends every operation under way and to come, here and at the peers, with `reason`. May be called from any thread.
  virtual void abort(const std::string& reason) = 0;
};

}  // namespace titan::comm
