#include "runtime/comm/gloo_channel.h"

#include <ATen/ops/from_blob.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <utility>

#include "runtime/comm/comm_error.h"

namespace titan::comm {
namespace {

/// The local address from which packets to `host` leave; empty when there is no route. Sends nothing.
std::string address_towards(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return "";
  std::string address;
  for (const addrinfo* target = found; target && address.empty(); target = target->ai_next) {
    const int fd = ::socket(target->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_storage local{};
    socklen_t length = sizeof local;
    char text[NI_MAXHOST];
    if (fd >= 0 && ::connect(fd, target->ai_addr, target->ai_addrlen) == 0 &&
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &length) == 0 &&
        ::getnameinfo(reinterpret_cast<sockaddr*>(&local), length, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      address = text;
    if (fd >= 0) ::close(fd);
  }
  ::freeaddrinfo(found);
  return address;
}

std::shared_ptr<::gloo::transport::Device> open_device(const RendezvousPoint& point) {
  using Group = c10d::ProcessGroupGloo;
  if (const char* interface = std::getenv("GLOO_SOCKET_IFNAME"); interface && *interface)
    return Group::createDeviceForInterface(interface);
  if (is_loopback(point.host)) return Group::createDeviceForHostname("127.0.0.1");
  const std::string address = address_towards(point.host, point.port);
  return address.empty() ? Group::createDefaultDevice() : Group::createDeviceForHostname(address);
}

}  // namespace

struct GlooDevice::Impl {
  std::shared_ptr<::gloo::transport::Device> device;
};

GlooDevice::GlooDevice(const RendezvousPoint& point) : impl_(std::make_unique<Impl>()) {
  try {
    impl_->device = open_device(point);
  } catch (const std::exception& error) {
    throw CommError(std::string("gloo: cannot open the network interface (GLOO_SOCKET_IFNAME): ") + error.what());
  }
}

GlooDevice::~GlooDevice() = default;

struct GlooChannel::Impl {
  c10::intrusive_ptr<c10d::Backend> group;
  std::mutex mutex;
  std::vector<c10::intrusive_ptr<c10d::Work>> works;  // of the exchange under way: receives, then sends
  bool interrupted = false;

  void post(const std::vector<Message>& sends, const std::vector<Message>& recvs, int tag) {
    std::lock_guard lock(mutex);
    for (const auto* messages : {&recvs, &sends}) {
      for (const Message& message : *messages) {
        if (interrupted) throw PeerError(message.peer, "interrupted");
        if (message.num_bytes == 0) continue;
        try {
          std::vector<at::Tensor> tensors{at::from_blob(message.data, {message.num_bytes}, at::kByte)};
          works.push_back(messages == &recvs ? group->recv(tensors, message.peer, tag)
                                             : group->send(tensors, message.peer, tag));
        } catch (const std::exception& error) {
          throw PeerError(message.peer, error.what());
        }
      }
    }
  }

  static void wait(const c10::intrusive_ptr<c10d::Work>& work, int peer, Deadline deadline) {
    const auto left = std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now());
    bool complete = false;
    try {
      complete = work->wait(std::max(left, Milliseconds(1)));  // 0 would mean for ever
    } catch (const std::exception& error) {
      throw PeerError(peer, error.what());
    }
    if (!complete) throw PeerError(peer, "interrupted");
  }
};

/// Withdraws what was posted when an exchange ends, however it ends: a late message must not be written into freed
/// memory.
struct GlooChannel::Posted {
  explicit Posted(Impl& channel) : impl(channel) {}
  Posted(const Posted&) = delete;
  ~Posted() {
    std::lock_guard lock(impl.mutex);
    impl.works.clear();
  }
  Impl& impl;
};

GlooChannel::GlooChannel(const RendezvousStore& store, const std::string& prefix, int rank, int size,
                         const GlooDevice& device, Milliseconds timeout)
    : impl_(std::make_unique<Impl>()) {
  auto options = c10d::ProcessGroupGloo::Options::create(timeout);
  options->devices.push_back(device.impl_->device);
  options->threads = 1;  // idle: only send and recv are used, which run on the device's thread
  const auto holder = store.c10d_store(prefix);
  impl_->group = c10::make_intrusive<c10d::ProcessGroupGloo>(
      c10::intrusive_ptr<c10d::Store>::reclaim_copy(holder.get()), rank, size, options);
}

GlooChannel::~GlooChannel() = default;

void GlooChannel::exchange(const std::vector<Message>& sends, const std::vector<Message>& recvs, int tag,
                           Deadline deadline) {
  const Posted posted(*impl_);
  impl_->post(sends, recvs, tag);
  size_t next = 0;
  for (const auto* messages : {&recvs, &sends})
    for (const Message& message : *messages)
      if (message.num_bytes > 0) Impl::wait(impl_->works[next++], message.peer, deadline);
}

void GlooChannel::interrupt() {
  std::lock_guard lock(impl_->mutex);
  impl_->interrupted = true;
  for (const auto& work : impl_->works) work->abort();
}

}  // namespace titan::comm
