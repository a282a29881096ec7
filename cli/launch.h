#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/world.h"

namespace titan::cli {

inline constexpr const char* kThisProgram = "/proc/self/exe";

struct LaunchOptions {
  int num_procs = 1;
  std::vector<std::string> arguments;  // of each process, without the program's name
  Environment environment;             // what the processes inherit
  std::vector<int> log_ranks = {0};    // whose standard output is shown
  std::string program = kThisProgram;
  int standard_output = 1;
  int standard_error = 2;
  /// After the first failure the other ranks have `linger` to end by themselves, which tells where they were; then they
  /// get SIGTERM, and `grace` later SIGKILL.
  std::chrono::milliseconds linger{2000};
  std::chrono::milliseconds grace{5000};
};

/// Runs `num_procs` local processes that find each other through the variables torchrun sets: RANK, WORLD_SIZE,
/// LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT, …. Their store is served here, at a port that the kernel
/// chose and that is never free in between: so no port can be lost to another program, and the store outlives any rank.
/// Standard output of the ranks in `log_ranks` and standard error of all ranks come out line by line. Returns the exit
/// status of the first rank that failed (128 + n after signal n), else 0; SIGINT, SIGTERM and SIGHUP are handed on to
/// the ranks and make the status 128 + n. If this process dies, so do the ranks. Throws std::runtime_error if they
/// cannot be started. One launch at a time.
int launch(const LaunchOptions& options);

/// Reads LOG_RANK: ranks below `num_procs`, separated by commas; rank 0 if it is not set. Throws config::ConfigError.
std::vector<int> log_ranks(const Environment& environment, int num_procs);

/// The variables that make a process rank `rank` of `world_size` local ones. OMP_NUM_THREADS, unless set, divides the
/// processors that this process may use among the ranks.
Environment rank_environment(const Environment& inherited, int rank, int world_size, int port);

}  // namespace titan::cli
