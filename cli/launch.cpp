#include "cli/launch.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>

#include "cli/child_process.h"
#include "cli/line_relay.h"
#include "runtime/comm/failure_monitor.h"
#include "runtime/comm/rendezvous.h"
#include "runtime/config/config_error.h"

namespace titan::cli {
namespace {

using Clock = std::chrono::steady_clock;

const char* const kHost = "127.0.0.1";
constexpr std::chrono::milliseconds kServeTimeout{30'000};

int num_processors() {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  return ::sched_getaffinity(0, sizeof usable, &usable) == 0 ? CPU_COUNT(&usable) : 1;
}

/// Turns the signals that matter to a supervisor into a file to read from while it lives. Threads started meanwhile do
/// not get these signals either.
class SignalFile {
 public:
  SignalFile() {
    sigset_t signals;
    sigemptyset(&signals);
    for (int signal : {SIGCHLD, SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals, &before_);
    file_ = ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (file_ < 0) throw std::runtime_error(std::string("launch: cannot watch signals: ") + std::strerror(errno));
  }
  SignalFile(const SignalFile&) = delete;
  ~SignalFile() {
    ::close(file_);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  int file() const { return file_; }
  const sigset_t& mask_before() const { return before_; }
  /// The signals that came since the last call.
  std::vector<int> take() const {
    std::vector<int> signals;
    for (signalfd_siginfo info; ::read(file_, &info, sizeof info) == sizeof info;)
      signals.push_back(static_cast<int>(info.ssi_signo));
    return signals;
  }

 private:
  int file_;
  sigset_t before_;
};

/// A pipe's writing end, which this process has no use for once the child has it.
struct WritingEnd {
  explicit WritingEnd(int end) : file(end) {}
  WritingEnd(const WritingEnd&) = delete;
  ~WritingEnd() { ::close(file); }
  const int file;
};

/// The processes of one launch and what becomes of them.
class Supervisor {
 public:
  explicit Supervisor(const LaunchOptions& options)
      : options_(options), store_(comm::RendezvousStore::serve({kHost, 0, supervised_prefix("0")}, kServeTimeout)) {
    try {
      for (int rank = 0; rank < options_.num_procs; ++rank) start(rank);
    } catch (...) {
      send_all(SIGKILL);
      throw;
    }
  }

  int run() {
    while (any_running()) {
      wait_for_news();
      for (int signal : signals_.take())
        if (signal != SIGCHLD) forward(signal);
      for (LineRelay& relay : relays_) relay.pump();
      notice_exits();
      escalate();
    }
    for (LineRelay& relay : relays_) {
      relay.pump();
      relay.finish();  // a grandchild may hold the pipe open
    }
    if (forwarded_) return 128 + *forwarded_;
    return failure_ ? failure_->status : 0;
  }

 private:
  void start(int rank) {
    const bool shown = std::count(options_.log_ranks.begin(), options_.log_ranks.end(), rank) > 0;
    const std::string prefix = "[rank " + std::to_string(rank) + "] ";
    const bool many_shown = options_.log_ranks.size() > 1;
    const WritingEnd out(add_relay(shown ? options_.standard_output : -1, many_shown ? prefix : ""));
    const WritingEnd err(add_relay(options_.standard_error, prefix));
    ChildProcess::Options child;
    child.program = options_.program;
    child.arguments = {program_name()};
    child.arguments.insert(child.arguments.end(), options_.arguments.begin(), options_.arguments.end());
    child.environment = rank_environment(options_.environment, rank, options_.num_procs, store_->point().port);
    child.standard_output = out.file;
    child.standard_error = err.file;
    child.signal_mask = signals_.mask_before();
    children_.push_back(ChildProcess::start(child));
  }

  /// What process listings show.
  std::string program_name() const {
    return options_.program == kThisProgram ? std::filesystem::read_symlink(kThisProgram).string() : options_.program;
  }

  /// Makes a pipe and returns its writing end.
  int add_relay(int target, const std::string& prefix) {
    std::array<int, 2> ends;
    if (::pipe2(ends.data(), O_CLOEXEC) < 0)
      throw std::runtime_error(std::string("launch: cannot make a pipe: ") + std::strerror(errno));
    relays_.emplace_back(ends[0], target, prefix);
    return ends[1];
  }

  bool any_running() const {
    return std::any_of(children_.begin(), children_.end(), [](const ChildProcess& child) { return child.running(); });
  }

  void send_all(int signal) const {
    for (const ChildProcess& child : children_) child.send(signal);
  }

  void wait_for_news() {
    std::vector<pollfd> files{{signals_.file(), POLLIN, 0}};
    for (const LineRelay& relay : relays_)
      if (relay.source() >= 0) files.push_back({relay.source(), POLLIN, 0});
    int patience = -1;
    if (next_step_) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*next_step_ - Clock::now());
      patience = static_cast<int>(std::max<int64_t>(left.count() + 1, 0));
    }
    ::poll(files.data(), files.size(), patience);
  }

  /// Hands a signal on; asked a second time, the ranks get no time to finish.
  void forward(int signal) {
    send_all(forwarded_ ? SIGKILL : signal);
    if (!forwarded_) forwarded_ = signal;
    terminated_ = true;
    next_step_ = Clock::now() + options_.grace;
  }

  /// Of ranks that ended at the same time one that a signal ended is to blame: the others may have failed because of
  /// it.
  void notice_exits() {
    std::optional<int> first;
    for (int rank = 0; rank < options_.num_procs; ++rank) {
      ChildProcess& child = children_[static_cast<size_t>(rank)];
      if (!child.poll() || !child.exit()->failed()) continue;
      if (!first || (child.exit()->signal != 0 && children_[static_cast<size_t>(*first)].exit()->signal == 0))
        first = rank;
    }
    if (!first || failure_ || forwarded_) return;
    failure_ = children_[static_cast<size_t>(*first)].exit();
    const std::string cause = "rank " + std::to_string(*first) + " " + failure_->text();
    comm::publish_failure(*store_, cause);
    const std::string line = "titan launch: " + cause + "\n";
    [[maybe_unused]] const ssize_t written = ::write(options_.standard_error, line.data(), line.size());
    next_step_ = Clock::now() + options_.linger;
  }

  void escalate() {
    if (!next_step_ || Clock::now() < *next_step_) return;
    send_all(terminated_ ? SIGKILL : SIGTERM);
    terminated_ = true;
    next_step_ = Clock::now() + options_.grace;
  }

  const LaunchOptions& options_;
  const SignalFile signals_;  // before the store, whose threads must not get the signals
  const std::unique_ptr<comm::RendezvousStore> store_;
  std::vector<ChildProcess> children_;  // by rank
  std::vector<LineRelay> relays_;
  std::optional<ExitState> failure_;  // of the first rank that failed
  std::optional<int> forwarded_;      // the signal that this process was sent
  std::optional<Clock::time_point> next_step_;
  bool terminated_ = false;  // the ranks were told to end
};

}  // namespace

int launch(const LaunchOptions& options) { return Supervisor(options).run(); }

std::vector<int> log_ranks(const Environment& environment, int num_procs) {
  const auto found = environment.find("LOG_RANK");
  if (found == environment.end() || found->second.empty()) return {0};
  const std::string& list = found->second;
  std::vector<int> ranks;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    int rank = -1;
    const auto [stop, error] = std::from_chars(list.data() + begin, list.data() + end, rank);
    if (error != std::errc() || stop != list.data() + end || rank < 0 || rank >= num_procs)
      throw config::ConfigError("LOG_RANK", "found '" + list + "', allowed are ranks from 0 to " +
                                                std::to_string(num_procs - 1) + " separated by commas");
    ranks.push_back(rank);
    begin = end + 1;
  }
  return ranks;
}

Environment rank_environment(const Environment& inherited, int rank, int world_size, int port) {
  Environment environment = inherited;
  environment["RANK"] = environment["LOCAL_RANK"] = std::to_string(rank);
  environment["GROUP_RANK"] = "0";
  environment["WORLD_SIZE"] = environment["LOCAL_WORLD_SIZE"] = std::to_string(world_size);
  environment["MASTER_ADDR"] = kHost;
  environment["MASTER_PORT"] = std::to_string(port);
  environment["TORCHELASTIC_USE_AGENT_STORE"] = "True";
  environment["TORCHELASTIC_RESTART_COUNT"] = "0";
  environment.emplace("OMP_NUM_THREADS", std::to_string(std::max(1, num_processors() / world_size)));
  return environment;
}

}  // namespace titan::cli
