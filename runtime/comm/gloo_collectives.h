#pragma once

#include <ATen/core/Tensor.h>

#include "runtime/comm/call.h"
#include "runtime/comm/gloo_channel.h"
#include "runtime/comm/scratch_pool.h"

namespace titan::comm {

/// What one collective operation needs: who takes part, and how far it has come.
struct GlooExchange {
  GlooChannel* channel;  // null for a single rank
  ScratchPool& pool;
  int rank;
  int size;
  GlooChannel::Deadline deadline;
  uint16_t signature;  // equal on all ranks that made fitting calls: others never mix up their messages
  uint16_t& round;     // of the channel: counts exchanges

  /// Exchanges messages with the tag that follows. Throws PeerError.
  void run(const std::vector<GlooChannel::Message>& sends, const std::vector<GlooChannel::Message>& recvs);
};

/// What fitting calls have in common, as a hash.
uint16_t signature_of(const Call& call);

// The operations of Communicator, blocking, on this thread. Reductions add the ranks' values in rank order, whatever
// the algorithm, so every rank and every implementation that does the same gets the same bits.
void gloo_all_reduce(GlooExchange& exchange, const Call& call, const at::Tensor& tensor);
void gloo_all_gather(GlooExchange& exchange, const at::Tensor& shard, const at::Tensor& full);
void gloo_reduce_scatter(GlooExchange& exchange, const Call& call, const at::Tensor& full, const at::Tensor& shard);
void gloo_all_to_all(GlooExchange& exchange, const Call& call, const at::Tensor& send, const at::Tensor& recv);
void gloo_broadcast(GlooExchange& exchange, const Call& call, const at::Tensor& tensor);
void gloo_barrier(GlooExchange& exchange);

}  // namespace titan::comm
