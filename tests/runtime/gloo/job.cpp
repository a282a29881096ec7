#include "tests/runtime/gloo/job.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "runtime/comm/rendezvous.h"
#include "tests/runtime/gloo/scenarios.h"

namespace titan::comm {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{20};
constexpr Milliseconds kInitTimeout{30000};

/// A port that was free a moment ago: rank 0 cannot tell its port to processes started before it.
uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), length);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  ::close(fd);
  return ntohs(address.sin_port);
}

/// Keeps forked processes waiting until it is opened.
class Gate {
 public:
  Gate() {
    if (::pipe2(ends_, O_CLOEXEC) < 0) throw std::runtime_error("pipe2");
  }
  ~Gate() {
    ::close(ends_[0]);
    open();
  }
  /// In the process that forks.
  void open() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }
  /// In a forked process.
  void pass() {
    open();
    char nothing;
    [[maybe_unused]] const ssize_t end_of_file = ::read(ends_[0], &nothing, 1);
  }

 private:
  int ends_[2];
};

struct Rank {
  pid_t pid = -1;
  Capture output;
  std::optional<int> status;

  bool has_ended(int wait_flags) {
    int raw = 0;
    if (!status && ::waitpid(pid, &raw, wait_flags) == pid)
      status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
    return status.has_value();
  }
};

[[noreturn]] void be_rank(int rank, uint16_t port, const std::string& scenario, const JobOptions& options, Gate& gate,
                          const Capture& output) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(output.file(), STDOUT_FILENO);
  gate.pass();
  const GlooWorldOptions world{.world = {rank, options.num_ranks, rank},
                               .store = {"127.0.0.1", port, "test"},
                               .rank_0_serves = options.store == Store::rank_0,
                               .timeout = Milliseconds(options.init_timeout_ms)};
  ::_exit(
      run_scenario(scenario, {.world = world, .victim = options.victim, .timeout = Milliseconds(options.timeout_ms)}));
}

}  // namespace

Capture::Capture() : file_(::memfd_create("capture", MFD_CLOEXEC)) {}
Capture::~Capture() { ::close(file_); }

std::string Capture::text() const {
  std::string text(static_cast<size_t>(::lseek(file_, 0, SEEK_END)), '\0');
  const ssize_t size = ::pread(file_, text.data(), text.size(), 0);
  text.resize(static_cast<size_t>(std::max<ssize_t>(size, 0)));
  return text;
}

std::vector<RankResult> run_job(const std::string& scenario, const JobOptions& options) {
  const uint16_t port = free_port();
  Gate gate;
  std::vector<std::unique_ptr<Rank>> ranks;
  for (int rank = 0; rank < options.num_started; ++rank) ranks.push_back(std::make_unique<Rank>());
  for (int rank = 0; rank < options.num_started; ++rank) {
    Rank& process = *ranks[static_cast<size_t>(rank)];
    process.pid = ::fork();
    if (process.pid == 0) be_rank(rank, port, scenario, options, gate, process.output);
  }
  // Threads may only exist after the last fork.
  std::unique_ptr<RendezvousStore> store;
  if (options.store == Store::test) store = RendezvousStore::serve({"127.0.0.1", port, "unused"}, kInitTimeout);
  gate.open();

  const auto hangs = [&](int rank) { return options.hangs && rank == options.victim; };
  const auto late = Clock::now() + kPatience;
  for (int num_awaited = 1; num_awaited > 0 && Clock::now() < late;) {
    num_awaited = 0;
    for (int rank = 0; rank < options.num_started; ++rank)
      num_awaited += !ranks[static_cast<size_t>(rank)]->has_ended(WNOHANG) && !hangs(rank);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::vector<RankResult> results;
  for (int rank = 0; rank < options.num_started; ++rank) {
    Rank& process = *ranks[static_cast<size_t>(rank)];
    EXPECT_TRUE(process.status || hangs(rank)) << scenario << ": rank " << rank << " does not end";
    if (!process.status) ::kill(process.pid, SIGKILL);
    process.has_ended(0);
    results.push_back({*process.status, process.output.text()});
  }
  return results;
}

}  // namespace titan::comm
