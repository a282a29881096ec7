#include "runtime/comm/gloo_collectives.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "runtime/comm/reduce_kernels.h"

namespace titan::comm {
namespace {

using Messages = std::vector<GlooChannel::Message>;

/// Up to this size one round in which every rank reduces everything costs less than two rounds that share the work.
constexpr int64_t kOneRoundBytes = 16 * 1024;

std::byte* bytes_of(const at::Tensor& tensor) { return static_cast<std::byte*>(tensor.data_ptr()); }

/// A run of elements that belongs to one rank.
struct Part {
  int64_t begin;
  int64_t count;
};

/// Cuts `numel` elements into nearly equal parts, one per rank.
std::vector<Part> divide(int64_t numel, int size) {
  std::vector<Part> parts;
  for (int rank = 0; rank < size; ++rank) {
    const int64_t begin = numel * rank / size;
    parts.push_back({begin, numel * (rank + 1) / size - begin});
  }
  return parts;
}

/// Every rank r reduces elements parts[r] of all ranks' `data`, in rank order, into its `out`.
void reduce_parts(GlooExchange& exchange, const Call& call, std::byte* data, const std::vector<Part>& parts,
                  std::byte* out) {
  const auto item = static_cast<int64_t>(c10::elementSize(call.dtype));
  const Part own = parts[static_cast<size_t>(exchange.rank)];
  const Scratch scratch = exchange.pool.borrow(own.count * item * (exchange.size - 1));
  std::byte* slot = scratch.data();
  std::vector<const void*> inputs;
  Messages sends, recvs;
  for (int peer = 0; peer < exchange.size; ++peer) {
    const Part part = parts[static_cast<size_t>(peer)];
    if (peer == exchange.rank) {
      inputs.push_back(data + part.begin * item);
      continue;
    }
    sends.push_back({data + part.begin * item, part.count * item, peer});
    recvs.push_back({slot, own.count * item, peer});
    inputs.push_back(slot);
    slot += own.count * item;
  }
  exchange.run(sends, recvs);
  reduce(call.dtype, call.op, inputs, out, own.count);
}

/// Gives every rank the part of `data` that each rank owns.
void gather_parts(GlooExchange& exchange, std::byte* data, const std::vector<Part>& parts, int64_t item) {
  const Part own = parts[static_cast<size_t>(exchange.rank)];
  Messages sends, recvs;
  for (int peer = 0; peer < exchange.size; ++peer) {
    if (peer == exchange.rank) continue;
    const Part part = parts[static_cast<size_t>(peer)];
    sends.push_back({data + own.begin * item, own.count * item, peer});
    recvs.push_back({data + part.begin * item, part.count * item, peer});
  }
  exchange.run(sends, recvs);
}

/// FNV-1a over the bytes of a value.
template <class Value>
void mix(uint64_t& hash, Value value) {
  for (size_t i = 0; i < sizeof value; ++i)
    hash = (hash ^ ((static_cast<uint64_t>(value) >> (8 * i)) & 0xff)) * 0x100000001b3U;
}

}  // namespace

void GlooExchange::run(const Messages& sends, const Messages& recvs) {
  constexpr int kRoundBits = 15;  // tags are non-negative ints
  const int tag = ((round++ & ((1 << kRoundBits) - 1)) << 16) | signature;
  if (channel) channel->exchange(sends, recvs, tag, deadline);
}

uint16_t signature_of(const Call& call) {
  uint64_t hash = 0xcbf29ce484222325U;
  mix(hash, static_cast<uint8_t>(call.kind));
  mix(hash, static_cast<uint8_t>(call.op));
  mix(hash, static_cast<uint8_t>(call.dtype));
  mix(hash, call.root);
  // Ranks of an all_to_all may have different numbers of rows.
  for (size_t dim = call.kind == CallKind::all_to_all ? 1 : 0; dim < call.sizes.size(); ++dim)
    mix(hash, call.sizes[dim]);
  return static_cast<uint16_t>(hash ^ (hash >> 16) ^ (hash >> 32) ^ (hash >> 48));
}

void gloo_all_reduce(GlooExchange& exchange, const Call& call, const at::Tensor& tensor) {
  std::byte* data = bytes_of(tensor);
  if (static_cast<int64_t>(tensor.nbytes()) <= kOneRoundBytes) {
    const std::vector<Part> whole(static_cast<size_t>(exchange.size), Part{0, tensor.numel()});
    return reduce_parts(exchange, call, data, whole, data);
  }
  const auto parts = divide(tensor.numel(), exchange.size);
  const int64_t item = tensor.element_size();
  reduce_parts(exchange, call, data, parts, data + parts[static_cast<size_t>(exchange.rank)].begin * item);
  gather_parts(exchange, data, parts, item);
}

void gloo_all_gather(GlooExchange& exchange, const at::Tensor& shard, const at::Tensor& full) {
  std::byte* own = bytes_of(full) + exchange.rank * shard.nbytes();
  if (own != bytes_of(shard) && shard.numel() > 0) std::memcpy(own, bytes_of(shard), shard.nbytes());
  gather_parts(exchange, bytes_of(full), divide(full.numel(), exchange.size), full.element_size());
}

void gloo_reduce_scatter(GlooExchange& exchange, const Call& call, const at::Tensor& full, const at::Tensor& shard) {
  reduce_parts(exchange, call, bytes_of(full), divide(full.numel(), exchange.size), bytes_of(shard));
}

void gloo_all_to_all(GlooExchange& exchange, const Call& call, const at::Tensor& send, const at::Tensor& recv) {
  const auto row_bytes = [](const at::Tensor& tensor) {
    return tensor.size(0) == 0 ? 0 : static_cast<int64_t>(tensor.nbytes()) / tensor.size(0);
  };
  const int64_t row = std::max(row_bytes(send), row_bytes(recv));
  std::byte* from = bytes_of(send);
  std::byte* to = bytes_of(recv);
  Messages sends, recvs;
  for (int peer = 0; peer < exchange.size; ++peer) {
    const int64_t out = call.send_splits[static_cast<size_t>(peer)] * row;
    const int64_t in = call.recv_splits[static_cast<size_t>(peer)] * row;
    if (peer == exchange.rank) {
      TORCH_CHECK(in == out, "all_to_all: a rank's part for itself must have one size: send=", out, " bytes recv=", in,
                  " bytes");
      if (in > 0) std::memcpy(to, from, static_cast<size_t>(in));
    } else {
      sends.push_back({from, out, peer});
      recvs.push_back({to, in, peer});
    }
    from += out;
    to += in;
  }
  exchange.run(sends, recvs);
}

/// Round k doubles the number of ranks that have the data: those below 2^k, counted from the root, pass it on.
void gloo_broadcast(GlooExchange& exchange, const Call& call, const at::Tensor& tensor) {
  const int size = exchange.size;
  const int place = (exchange.rank - call.root + size) % size;
  const auto rank_at = [&](int distance) { return (distance + call.root) % size; };
  const auto num_bytes = static_cast<int64_t>(tensor.nbytes());
  for (int have = 1; have < size; have *= 2) {
    Messages sends, recvs;
    if (place < have && place + have < size) sends.push_back({bytes_of(tensor), num_bytes, rank_at(place + have)});
    if (place >= have && place < 2 * have) recvs.push_back({bytes_of(tensor), num_bytes, rank_at(place - have)});
    exchange.run(sends, recvs);
  }
}

/// After round k every rank has heard, directly or not, from the 2^(k+1) - 1 ranks before it.
void gloo_barrier(GlooExchange& exchange) {
  std::byte out{}, in{};
  for (int step = 1; step < exchange.size; step *= 2)
    exchange.run({{&out, 1, (exchange.rank + step) % exchange.size}},
                 {{&in, 1, (exchange.rank - step + exchange.size) % exchange.size}});
}

}  // namespace titan::comm
