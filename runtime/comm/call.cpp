#include "runtime/comm/call.h"

#include <c10/core/ScalarType.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <sstream>

namespace titan::comm {
namespace {

const char* name_of(CallKind kind) {
  switch (kind) {
    case CallKind::all_reduce:
      return "all_reduce";
    case CallKind::all_gather:
      return "all_gather";
    case CallKind::reduce_scatter:
      return "reduce_scatter";
    case CallKind::all_to_all:
      return "all_to_all";
    case CallKind::broadcast:
      return "broadcast";
    case CallKind::barrier:
      return "barrier";
  }
  TORCH_INTERNAL_ASSERT(false, "unknown call kind");
}

const char* name_of(ReduceOp op) {
  switch (op) {
    case ReduceOp::sum:
      return "sum";
    case ReduceOp::avg:
      return "avg";
    case ReduceOp::max:
      return "max";
    case ReduceOp::min:
      return "min";
  }
  TORCH_INTERNAL_ASSERT(false, "unknown reduce op");
}

/// The names that PyTorch users know: "float32", "bfloat16", "int64".
std::string name_of(at::ScalarType dtype) {
  const auto [name, legacy] = c10::getDtypeNames(dtype);
  return name;
}

void check_tensor(const char* operation, const char* what, const at::Tensor& tensor) {
  TORCH_CHECK(tensor.defined(), operation, ": ", what, " must be a tensor: it is undefined");
  TORCH_CHECK(tensor.is_contiguous(), operation, ": ", what, " must be contiguous: sizes=", tensor.sizes(),
              " strides=", tensor.strides());
}

void check_alike(const char* operation, const char* in, const at::Tensor& input, const char* out,
                 const at::Tensor& output) {
  check_tensor(operation, in, input);
  check_tensor(operation, out, output);
  TORCH_CHECK(input.scalar_type() == output.scalar_type(), operation, ": ", in, " and ", out,
              " must have the same dtype: ", in, "=", name_of(input.scalar_type()), " ", out, "=",
              name_of(output.scalar_type()));
  TORCH_CHECK(input.device() == output.device(), operation, ": ", in, " and ", out, " must be on one device: ", in, "=",
              input.device(), " ", out, "=", output.device());
}

void check_reducible(const char* operation, at::ScalarType dtype, ReduceOp op) {
  const bool floating = dtype == at::kFloat || dtype == at::kDouble || dtype == at::kHalf || dtype == at::kBFloat16;
  const bool ordered = floating || dtype == at::kBool || c10::isIntegralType(dtype, /*includeBool=*/false);
  TORCH_CHECK(ordered, operation,
              ": dtype must be float16, bfloat16, float32, float64, an integer or bool: dtype=", name_of(dtype));
  TORCH_CHECK(op != ReduceOp::avg || floating, operation, ": avg needs a floating dtype: dtype=", name_of(dtype));
  TORCH_CHECK(op != ReduceOp::sum || dtype != at::kBool, operation, ": sum needs numbers: dtype=bool");
}

Call describe(CallKind kind, const at::Tensor& input) {
  return {.kind = kind, .dtype = input.scalar_type(), .sizes = input.sizes().vec()};
}

/// Fills in equal parts where no splits are given and checks that the splits cover the tensor.
std::vector<int64_t> full_splits(const char* what, const at::Tensor& tensor, const std::vector<int64_t>& splits,
                                 int size) {
  TORCH_CHECK(tensor.dim() > 0, "all_to_all: ", what, " must have rows: sizes=", tensor.sizes());
  if (splits.empty()) {
    TORCH_CHECK(tensor.size(0) % size == 0, "all_to_all: rows of ", what,
                " must divide by size() unless splits are given: ", what, "=", tensor.sizes(), " size=", size);
    return std::vector<int64_t>(size, tensor.size(0) / size);
  }
  bool valid = static_cast<int>(splits.size()) == size;
  for (const int64_t rows : splits) valid = valid && rows >= 0;
  valid = valid && std::accumulate(splits.begin(), splits.end(), int64_t{0}) == tensor.size(0);
  TORCH_CHECK(valid, "all_to_all: ", what, "_splits must be size() counts that add up to the rows of ", what,
              ": splits=", at::IntArrayRef(splits), " ", what, "=", tensor.sizes(), " size=", size);
  return splits;
}

bool same_rows(const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
  return a.size() == b.size() && std::equal(a.begin() + 1, a.end(), b.begin() + 1);
}

}  // namespace

std::string Call::text() const {
  std::ostringstream out;
  out << name_of(kind) << '(';
  if (kind == CallKind::all_reduce || kind == CallKind::reduce_scatter) out << name_of(op) << ", ";
  if (kind == CallKind::broadcast) out << "root " << root << ", ";
  if (kind != CallKind::barrier) out << name_of(dtype) << at::IntArrayRef(sizes);
  if (kind == CallKind::all_to_all) {
    out << ", send_splits " << at::IntArrayRef(send_splits) << ", recv_splits " << at::IntArrayRef(recv_splits);
  }
  out << ')';
  return out.str();
}

Call all_reduce_call(const at::Tensor& tensor, ReduceOp op) {
  check_tensor("all_reduce", "tensor", tensor);
  check_reducible("all_reduce", tensor.scalar_type(), op);
  Call call = describe(CallKind::all_reduce, tensor);
  call.op = op;
  return call;
}

Call all_gather_call(const at::Tensor& shard, const at::Tensor& full, int size) {
  check_alike("all_gather", "shard", shard, "full", full);
  TORCH_CHECK(full.numel() == size * shard.numel(), "all_gather: full must hold size() shards: full=", full.sizes(),
              " shard=", shard.sizes(), " size=", size);
  return describe(CallKind::all_gather, shard);
}

Call reduce_scatter_call(const at::Tensor& full, const at::Tensor& shard, ReduceOp op, int size) {
  check_alike("reduce_scatter", "full", full, "shard", shard);
  check_reducible("reduce_scatter", full.scalar_type(), op);
  TORCH_CHECK(full.numel() == size * shard.numel(), "reduce_scatter: full must hold size() shards: full=", full.sizes(),
              " shard=", shard.sizes(), " size=", size);
  Call call = describe(CallKind::reduce_scatter, full);
  call.op = op;
  return call;
}

Call all_to_all_call(const at::Tensor& send, const at::Tensor& recv, const std::vector<int64_t>& send_splits,
                     const std::vector<int64_t>& recv_splits, int size) {
  check_alike("all_to_all", "send", send, "recv", recv);
  Call call = describe(CallKind::all_to_all, send);
  call.send_splits = full_splits("send", send, send_splits, size);
  call.recv_splits = full_splits("recv", recv, recv_splits, size);
  TORCH_CHECK(same_rows(call.sizes, recv.sizes().vec()),
              "all_to_all: rows of send and recv must be alike: send=", send.sizes(), " recv=", recv.sizes());
  return call;
}

Call broadcast_call(const at::Tensor& tensor, int root, int size) {
  check_tensor("broadcast", "tensor", tensor);
  TORCH_CHECK(root >= 0 && root < size, "broadcast: root must be a rank of the communicator: root=", root,
              " size=", size);
  Call call = describe(CallKind::broadcast, tensor);
  call.root = root;
  return call;
}

void check_ranks(const std::vector<int>& ranks, int rank, int world_size, std::string_view name) {
  const bool ascending = std::adjacent_find(ranks.begin(), ranks.end(), std::greater_equal<>()) == ranks.end();
  const bool holds_caller = std::find(ranks.begin(), ranks.end(), rank) != ranks.end();
  TORCH_CHECK(holds_caller && ascending && ranks.front() >= 0 && ranks.back() < world_size,
              "make_communicator: ranks must be ascending, in the world and hold the caller: ranks=",
              at::ArrayRef<int>(ranks), " rank=", rank, " world=", world_size, " name=", name);
}

bool agree(const Call& a, int rank_a, const Call& b, int rank_b) {
  if (a.kind != b.kind || a.op != b.op || a.root != b.root || a.dtype != b.dtype) return false;
  if (a.kind != CallKind::all_to_all) return a.sizes == b.sizes;
  return same_rows(a.sizes, b.sizes) && a.send_splits[rank_b] == b.recv_splits[rank_a] &&
         b.send_splits[rank_a] == a.recv_splits[rank_b];
}

}  // namespace titan::comm
