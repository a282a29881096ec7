#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace c10d {
class Store;
}

namespace titan::comm {

using Milliseconds = std::chrono::milliseconds;

/// Where the ranks of one job find each other.
struct RendezvousPoint {
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  std::string prefix;  // of every key: separates the jobs, or the restarts, that share one server
};

/// A connection to the job's key-value server (c10d::TCPStore). Methods may be called from any thread, one at a time; a
/// server that does not answer blocks them. Throws CommError when the server is gone.
class RendezvousStore {
 public:
  /// Connects to the server at `point`, trying again until `timeout` has passed.
  static std::unique_ptr<RendezvousStore> connect(const RendezvousPoint& point, Milliseconds timeout);
  /// Serves at `point.port` (0: any free one) in this process and connects to it. With a loopback host only this
  /// machine can connect.
  static std::unique_ptr<RendezvousStore> serve(const RendezvousPoint& point, Milliseconds timeout);

  ~RendezvousStore();

  /// Opens a second connection, for another thread.
  std::unique_ptr<RendezvousStore> clone() const;

  void set(const std::string& key, const std::string& value);
  /// Sets the key unless it is set, and returns the value that it has now.
  std::string set_if_absent(const std::string& key, const std::string& value);
  std::optional<std::string> find(const std::string& key);
  /// Tells, in one request, whether all keys are set.
  bool has_all(const std::vector<std::string>& keys);

  /// Keeps LibTorch from logging stack traces about lost connections from now on: the job fails, and its error says
  /// why.
  void expect_loss();

  const RendezvousPoint& point() const { return point_; }
  /// The c10d store whose keys begin with the point's prefix and `prefix`.
  std::shared_ptr<c10d::Store> c10d_store(const std::string& prefix) const;

 private:
  struct Connection;
  RendezvousStore(RendezvousPoint point, std::unique_ptr<Connection> connection);

  RendezvousPoint point_;
  std::unique_ptr<Connection> connection_;
};

/// True for names and addresses that mean this machine itself (localhost, 127.x.y.z, ::1).
bool is_loopback(const std::string& host);

}  // namespace titan::comm
