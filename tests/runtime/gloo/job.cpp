#include "tests/runtime/gloo/job.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <thread>

#include "runtime/comm/rendezvous.h"

namespace titan::comm {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kPatience_s = 20;

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

}  // namespace

Capture::Capture() : file_(::memfd_create("capture", MFD_CLOEXEC)) {}
Capture::~Capture() { ::close(file_); }

std::string Capture::text() const {
  std::string text(static_cast<size_t>(::lseek(file_, 0, SEEK_END)), '\0');
  const ssize_t size = ::pread(file_, text.data(), text.size(), 0);
  text.resize(static_cast<size_t>(std::max<ssize_t>(size, 0)));
  return text;
}

std::string peer_program() { return std::string(TITAN_BINARY_DIR) + "/bin/gloo_peer"; }

cli::Environment scenario_environment(const JobOptions& options) {
  cli::Environment environment = cli::current_environment();
  environment["VICTIM"] = std::to_string(options.victim);
  environment["TIMEOUT_MS"] = std::to_string(options.timeout_ms);
  environment["INIT_TIMEOUT_MS"] = std::to_string(options.init_timeout_ms);
  environment["STORE_PREFIX"] = cli::supervised_prefix("0");
  environment["OMP_NUM_THREADS"] = "1";
  return environment;
}

std::vector<RankResult> run_job(const std::string& scenario, const JobOptions& options) {
  std::unique_ptr<RendezvousStore> store;
  if (options.store == Store::test) store = RendezvousStore::serve({"127.0.0.1", 0, "unused"}, Milliseconds(10'000));
  cli::ChildProcess::Options child;
  child.program = peer_program();
  child.arguments = {child.program, scenario};
  child.environment = scenario_environment(options);
  child.environment["WORLD_SIZE"] = std::to_string(options.num_ranks);
  child.environment["MASTER_ADDR"] = "127.0.0.1";
  child.environment["MASTER_PORT"] = std::to_string(store ? store->point().port : free_port());
  if (store) child.environment["TORCHELASTIC_USE_AGENT_STORE"] = "True";
  const int num_started = options.num_started < 0 ? options.num_ranks : options.num_started;
  std::vector<Capture> captures(static_cast<size_t>(num_started));
  std::vector<cli::ChildProcess> ranks;
  const auto hangs = [&](int rank) { return options.hangs && rank == options.victim; };
  const auto started = Clock::now();
  for (int rank = 0; rank < num_started; ++rank) {
    child.environment["RANK"] = child.environment["LOCAL_RANK"] = std::to_string(rank);
    child.standard_output = captures[static_cast<size_t>(rank)].file();
    ranks.push_back(cli::ChildProcess::start(child));
  }
  std::vector<RankResult> results(static_cast<size_t>(num_started));
  for (bool late = false;;) {
    const double seconds = std::chrono::duration<double>(Clock::now() - started).count();
    int num_awaited = 0;
    for (int rank = 0; rank < num_started; ++rank) {
      if (ranks[static_cast<size_t>(rank)].poll()) results[static_cast<size_t>(rank)].seconds = seconds;
      num_awaited += ranks[static_cast<size_t>(rank)].running() && !hangs(rank);
    }
    if (num_awaited == 0 || late) break;
    late = seconds > kPatience_s;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  for (int rank = 0; rank < num_started; ++rank) {
    auto& process = ranks[static_cast<size_t>(rank)];
    EXPECT_FALSE(process.running() && !hangs(rank)) << scenario << ": rank " << rank << " does not end";
    process.send(SIGKILL);
    while (process.running()) process.poll();
    results[static_cast<size_t>(rank)].exit = *process.exit();
    results[static_cast<size_t>(rank)].output = captures[static_cast<size_t>(rank)].text();
  }
  return results;
}

}  // namespace titan::comm
