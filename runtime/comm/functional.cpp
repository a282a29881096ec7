#include "runtime/comm/functional.h"

#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <functional>
#include <utility>

#include "runtime/recompute/interceptor.h"

namespace titan::comm {
namespace {

using Map = std::function<at::Tensor(const at::Tensor&)>;

/// Carries a linear map's transpose through the graph.
struct Transpose : torch::CustomClassHolder {
  explicit Transpose(Map map_in) : map(std::move(map_in)) {}
  Map map;
};

/// A linear map of one tensor with its transpose as backward.
class LinearMap : public torch::autograd::Function<LinearMap> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x, const Map& map,
                            const Map& transpose) {
    ctx->saved_data["transpose"] = at::IValue::make_capsule(c10::make_intrusive<Transpose>(transpose));
    return map(x);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list gradients) {
    const auto transpose = c10::static_intrusive_pointer_cast<Transpose>(ctx->saved_data["transpose"].toCapsule());
    return {transpose->map(gradients[0]), at::Tensor(), at::Tensor()};
  }
};

void check_divides(const char* operation, const at::Tensor& x, int64_t dim, int size) {
  TORCH_CHECK(x.size(dim) % size == 0, operation, ": dim ", dim, " must divide by size(): x=", x.sizes(),
              " size=", size);
}

at::Tensor sum_over_ranks(const at::Tensor& x, Communicator& comm, const platform::Stream& stream) {
  const at::Tensor y = x.clone(at::MemoryFormat::Contiguous);
  comm.all_reduce(y, ReduceOp::sum, stream).wait(stream);
  return y;
}

at::Tensor concatenate(const at::Tensor& x, int64_t dim, Communicator& comm, const platform::Stream& stream) {
  const at::Tensor shard = x.contiguous();
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes.insert(sizes.begin(), comm.size());
  const at::Tensor full = at::empty(sizes, x.options());
  comm.all_gather(shard, full, stream).wait(stream);
  return full.movedim(0, dim).flatten(dim, dim + 1);  // copies unless dim is the outermost
}

at::Tensor sum_and_split(const at::Tensor& x, int64_t dim, Communicator& comm, const platform::Stream& stream) {
  check_divides("reduce_scatter", x, dim, comm.size());
  const at::Tensor full = x.unflatten(dim, {comm.size(), x.size(dim) / comm.size()}).movedim(dim, 0).contiguous();
  const at::Tensor shard = at::empty(full.sizes().slice(1), x.options());
  comm.reduce_scatter(full, shard, ReduceOp::sum, stream).wait(stream);
  return shard;
}

/// The two that a checkpointed unit may keep from its forward: they cost more to repeat than they take.
recompute::OpCall describe(recompute::OpKind kind, const at::Tensor& x) {
  return {.kind = kind, .bytes = static_cast<double>(x.nbytes())};
}

at::Tensor own_part(const at::Tensor& x, int64_t dim, const Communicator& comm) {
  check_divides("split_to_group", x, dim, comm.size());
  const int64_t count = x.size(dim) / comm.size();
  return x.narrow(dim, comm.rank() * count, count).clone(at::MemoryFormat::Contiguous);
}

at::Tensor exchange(const at::Tensor& x, const std::vector<int64_t>& send_splits,
                    const std::vector<int64_t>& recv_splits, Communicator& comm, const platform::Stream& stream) {
  std::vector<int64_t> sizes = x.sizes().vec();
  if (!recv_splits.empty()) {
    sizes.at(0) = 0;
    for (const int64_t rows : recv_splits) sizes[0] += rows;
  }
  const at::Tensor send = x.contiguous();
  const at::Tensor recv = at::empty(sizes, x.options());
  comm.all_to_all(send, recv, send_splits, recv_splits, stream).wait(stream);
  return recv;
}

}  // namespace

at::Tensor all_reduce(const at::Tensor& x, Communicator& comm, const platform::Stream& stream) {
  return LinearMap::apply(
      x, [&comm, stream](const at::Tensor& v) { return sum_over_ranks(v, comm, stream); },
      [&comm, stream](const at::Tensor& g) { return all_reduce(g, comm, stream); });
}

at::Tensor all_gather(const at::Tensor& x, int64_t dim, Communicator& comm, const platform::Stream& stream) {
  dim = at::maybe_wrap_dim(dim, x.dim());
  return LinearMap::apply(
      x, [=, &comm](const at::Tensor& v) { return concatenate(v, dim, comm, stream); },
      [=, &comm](const at::Tensor& g) { return reduce_scatter(g, dim, comm, stream); });
}

at::Tensor reduce_scatter(const at::Tensor& x, int64_t dim, Communicator& comm, const platform::Stream& stream) {
  dim = at::maybe_wrap_dim(dim, x.dim());
  return LinearMap::apply(
      x,
      [=, &comm](const at::Tensor& v) {
        return recompute::run_one(describe(recompute::OpKind::reduce_scatter, v),
                                  [&] { return sum_and_split(v, dim, comm, stream); });
      },
      [=, &comm](const at::Tensor& g) { return all_gather(g, dim, comm, stream); });
}

at::Tensor all_to_all(const at::Tensor& x, const std::vector<int64_t>& send_splits,
                      const std::vector<int64_t>& recv_splits, Communicator& comm, const platform::Stream& stream) {
  return LinearMap::apply(
      x,
      [=, &comm](const at::Tensor& v) {
        return recompute::run_one(describe(recompute::OpKind::all_to_all, v),
                                  [&] { return exchange(v, send_splits, recv_splits, comm, stream); });
      },
      [=, &comm](const at::Tensor& g) { return all_to_all(g, recv_splits, send_splits, comm, stream); });
}

at::Tensor copy_to_group(const at::Tensor& x, Communicator& comm, const platform::Stream& stream) {
  return LinearMap::apply(
      x, [](const at::Tensor& v) { return v; },
      [&comm, stream](const at::Tensor& g) { return reduce_from_group(g, comm, stream); });
}

at::Tensor reduce_from_group(const at::Tensor& x, Communicator& comm, const platform::Stream& stream) {
  return LinearMap::apply(
      x, [&comm, stream](const at::Tensor& v) { return sum_over_ranks(v, comm, stream); },
      [&comm, stream](const at::Tensor& g) { return copy_to_group(g, comm, stream); });
}

at::Tensor split_to_group(const at::Tensor& x, int64_t dim, Communicator& comm, const platform::Stream& stream) {
  dim = at::maybe_wrap_dim(dim, x.dim());
  return LinearMap::apply(
      x, [=, &comm](const at::Tensor& v) { return own_part(v, dim, comm); },
      [=, &comm](const at::Tensor& g) { return gather_from_group(g, dim, comm, stream); });
}

at::Tensor gather_from_group(const at::Tensor& x, int64_t dim, Communicator& comm, const platform::Stream& stream) {
  dim = at::maybe_wrap_dim(dim, x.dim());
  return LinearMap::apply(
      x, [=, &comm](const at::Tensor& v) { return concatenate(v, dim, comm, stream); },
      [=, &comm](const at::Tensor& g) { return split_to_group(g, dim, comm, stream); });
}

}  // namespace titan::comm
