#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/comm/communicator.h"

namespace titan::comm {

enum class CallKind { all_reduce, all_gather, reduce_scatter, all_to_all, broadcast, barrier };

/// One operation as a rank asked for it: everything that the ranks must agree on.
struct Call {
  CallKind kind = CallKind::barrier;
  ReduceOp op = ReduceOp::sum;       // all_reduce, reduce_scatter
  int root = 0;                      // broadcast
  at::ScalarType dtype = at::kByte;  // of all tensors
  std::vector<int64_t> sizes;        // of the input
  std::vector<int64_t> send_splits;  // all_to_all: rows per rank, also where the caller gave none
  std::vector<int64_t> recv_splits;

  /// Writes the call as in "all_reduce(sum, float32[4, 8])".
  std::string text() const;
};

/// Each checks the contract of one Communicator operation and describes the call. Throws c10::Error: operation, rule,
/// values.
Call all_reduce_call(const at::Tensor& tensor, ReduceOp op);
Call all_gather_call(const at::Tensor& shard, const at::Tensor& full, int size);
Call reduce_scatter_call(const at::Tensor& full, const at::Tensor& shard, ReduceOp op, int size);
Call all_to_all_call(const at::Tensor& send, const at::Tensor& recv, const std::vector<int64_t>& send_splits,
                     const std::vector<int64_t>& recv_splits, int size);
Call broadcast_call(const at::Tensor& tensor, int root, int size);

/// Checks the contract of Platform::make_communicator: `ranks` ascending, in the world, the caller among them.
void check_ranks(const std::vector<int>& ranks, int rank, int world_size, std::string_view name);

/// Tells whether two ranks of one communicator made calls that fit together.
bool agree(const Call& a, int rank_a, const Call& b, int rank_b);

}  // namespace titan::comm
