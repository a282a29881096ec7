#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "runtime/comm/communicator.h"

/// Differentiable collectives: each waits for its result on `stream` and its backward is the transposed collective, on
/// the same communicator and stream, differentiable in turn. All ranks must run forward and backward in the same order;
/// `comm` must outlive the graph. Inputs may have any strides. Gradients are those of the sum of all ranks' losses,
/// except where said.
namespace titan::comm {

/// y = sum over ranks of x. Backward: all_reduce.
at::Tensor all_reduce(const at::Tensor& x, Communicator& comm, const platform::Stream& stream);
/// y = concatenation along `dim` over ranks of x. Backward: reduce_scatter.
at::Tensor all_gather(const at::Tensor& x, int64_t dim, Communicator& comm, const platform::Stream& stream);
/// y = this rank's part along `dim` (divisible by size()) of the sum over ranks of x. Backward: all_gather.
at::Tensor reduce_scatter(const at::Tensor& x, int64_t dim, Communicator& comm, const platform::Stream& stream);
/// Sends send_splits[r] rows of dim 0 to rank r and receives recv_splits[r] (empty: equal parts). Backward: the other
/// way round.
at::Tensor all_to_all(const at::Tensor& x, const std::vector<int64_t>& send_splits,
                      const std::vector<int64_t>& recv_splits, Communicator& comm, const platform::Stream& stream);

// For tensors that are equal on all ranks, with equal losses counted once (tensor parallelism).

/// y = x, used differently by each rank. Backward: all_reduce.
at::Tensor copy_to_group(const at::Tensor& x, Communicator& comm, const platform::Stream& stream);
/// y = sum over ranks of x, used alike by each rank. Backward: identity.
at::Tensor reduce_from_group(const at::Tensor& x, Communicator& comm, const platform::Stream& stream);
/// y = this rank's part of x along `dim` (divisible by size()). Backward: all_gather.
at::Tensor split_to_group(const at::Tensor& x, int64_t dim, Communicator& comm, const platform::Stream& stream);
/// y = concatenation along `dim` over ranks of x, used alike by each rank. Backward: this rank's part.
at::Tensor gather_from_group(const at::Tensor& x, int64_t dim, Communicator& comm, const platform::Stream& stream);

}  // namespace titan::comm
