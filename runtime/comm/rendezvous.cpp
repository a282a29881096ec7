#include "runtime/comm/rendezvous.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>

#include "runtime/comm/comm_error.h"

namespace titan::comm {
namespace {

/// Opens a socket that listens on the loopback interface only, at a free port when `port` is 0.
int listen_on_loopback(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
      ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 || ::listen(fd, SOMAXCONN) < 0) {
    const std::string reason = std::strerror(errno);
    if (fd >= 0) ::close(fd);
    throw CommError("rendezvous: cannot listen on 127.0.0.1:" + std::to_string(port) + ": " + reason);
  }
  return fd;
}

uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

std::string text_of(const RendezvousPoint& point) { return point.host + ":" + std::to_string(point.port); }

/// The first line of what LibTorch says: the rest is a stack trace.
std::string first_line(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  const std::string text = torch_error ? torch_error->what_without_backtrace() : error.what();
  return text.substr(0, text.find('\n'));
}

}  // namespace

struct RendezvousStore::Connection {
  c10::intrusive_ptr<c10d::Store> tcp;  // owns the server where this process serves
  c10::intrusive_ptr<c10d::Store> prefixed;

  explicit Connection(c10::intrusive_ptr<c10d::Store> store, const std::string& prefix)
      : tcp(std::move(store)), prefixed(c10::make_intrusive<c10d::PrefixStore>(prefix, tcp)) {}

  /// Runs one request; what the connection throws becomes a CommError that names the server.
  template <class Request>
  auto request(const RendezvousPoint& point, Request run) {
    try {
      return run(*prefixed);
    } catch (const std::exception& error) {
      throw CommError("rendezvous: the store at " + text_of(point) + " is gone: " + first_line(error));
    }
  }
};

RendezvousStore::RendezvousStore(RendezvousPoint point, std::unique_ptr<Connection> connection)
    : point_(std::move(point)), connection_(std::move(connection)) {}

RendezvousStore::~RendezvousStore() = default;

std::unique_ptr<RendezvousStore> RendezvousStore::connect(const RendezvousPoint& point, Milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = point.port;
  options.waitWorkers = false;
  options.timeout = timeout;
  try {
    auto tcp = c10::make_intrusive<c10d::TCPStore>(point.host, options);
    return std::unique_ptr<RendezvousStore>(
        new RendezvousStore(point, std::make_unique<Connection>(std::move(tcp), point.prefix)));
  } catch (const std::exception& error) {
    throw CommError("rendezvous: cannot reach the store at " + text_of(point) + " (MASTER_ADDR, MASTER_PORT) within " +
                    std::to_string(timeout.count() / 1000) + " s: " + first_line(error));
  }
}

std::unique_ptr<RendezvousStore> RendezvousStore::serve(const RendezvousPoint& point, Milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.isServer = true;
  options.waitWorkers = false;
  options.timeout = timeout;
  options.port = point.port;
  RendezvousPoint served = point;
  if (is_loopback(point.host)) {
    const int fd = listen_on_loopback(point.port);
    options.masterListenFd = fd;  // the store closes it
    options.port = port_of(fd);
    served.host = "127.0.0.1";
  }
  try {
    auto tcp = c10::make_intrusive<c10d::TCPStore>(served.host, options);
    served.port = tcp->getPort();
    return std::unique_ptr<RendezvousStore>(
        new RendezvousStore(served, std::make_unique<Connection>(std::move(tcp), point.prefix)));
  } catch (const std::exception& error) {
    throw CommError("rendezvous: cannot serve the store at " + text_of(point) +
                    " (MASTER_ADDR, MASTER_PORT): " + first_line(error));
  }
}

std::unique_ptr<RendezvousStore> RendezvousStore::clone() const {
  auto tcp = connection_->request(point_, [this](c10d::Store&) { return connection_->tcp->clone(); });
  return std::unique_ptr<RendezvousStore>(
      new RendezvousStore(point_, std::make_unique<Connection>(std::move(tcp), point_.prefix)));
}

void RendezvousStore::set(const std::string& key, const std::string& value) {
  connection_->request(point_, [&](c10d::Store& store) { store.set(key, value); });
}

std::string RendezvousStore::set_if_absent(const std::string& key, const std::string& value) {
  return connection_->request(point_, [&](c10d::Store& store) { return store.compareSet(key, "", value); });
}

std::optional<std::string> RendezvousStore::find(const std::string& key) {
  return connection_->request(point_, [&](c10d::Store& store) -> std::optional<std::string> {
    if (!store.check({key})) return std::nullopt;
    return store.get_to_str(key);
  });
}

bool RendezvousStore::has_all(const std::vector<std::string>& keys) {
  return connection_->request(point_, [&](c10d::Store& store) { return store.check(keys); });
}

void RendezvousStore::expect_loss() { FLAGS_caffe2_log_level = std::max(FLAGS_caffe2_log_level, c10::GLOG_ERROR); }

std::shared_ptr<c10d::Store> RendezvousStore::c10d_store(const std::string& prefix) const {
  auto holder = std::make_shared<c10::intrusive_ptr<c10d::Store>>(
      c10::make_intrusive<c10d::PrefixStore>(prefix, connection_->prefixed));
  return {holder, holder->get()};
}

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0; }

}  // namespace titan::comm
