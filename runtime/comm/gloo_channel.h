#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/comm/rendezvous.h"

namespace titan::comm {

/// The network interface that connections use; shared by all channels of a process.
class GlooDevice {
 public:
  /// Takes the interface that GLOO_SOCKET_IFNAME names; else the loopback interface when the store is on it; else the
  /// local address from which the store's host is reached.
  explicit GlooDevice(const RendezvousPoint& point);
  ~GlooDevice();

 private:
  friend class GlooChannel;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A message to or from `peer` did not complete.
class PeerError : public std::runtime_error {
 public:
  PeerError(int peer_rank, const std::string& reason) : std::runtime_error(reason), peer(peer_rank) {}
  int peer;  // rank in the channel
};

/// Messages among a fixed set of processes: the transport of c10d::ProcessGroupGloo.
class GlooChannel {
 public:
  struct Message {
    std::byte* data;
    int64_t num_bytes;  // empty messages do not travel
    int peer;
  };
  using Deadline = std::chrono::steady_clock::time_point;

  /// Connects every rank to every other. All ranks must construct it, with keys of their own in the store.
  GlooChannel(const RendezvousStore& store, const std::string& prefix, int rank, int size, const GlooDevice& device,
              Milliseconds timeout);
  ~GlooChannel();

  /// Posts all messages and returns when all are through; the bytes belong to the channel meanwhile. At most one per
  /// peer and direction; `tag` (>= 0) tells them from those of other exchanges. Throws PeerError when a peer is gone,
  /// at the deadline and after interrupt(): the channel is then of no more use. One thread at a time.
  void exchange(const std::vector<Message>& sends, const std::vector<Message>& recvs, int tag, Deadline deadline);

  /// Ends the exchange under way and those to come. From any thread.
  void interrupt();

 private:
  struct Impl;
  struct Posted;
  std::unique_ptr<Impl> impl_;
};

}  // namespace titan::comm
