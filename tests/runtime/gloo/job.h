#pragma once

#include <string>
#include <vector>

#include "cli/child_process.h"

namespace titan::comm {

/// Who serves the store in which the ranks of a test job meet.
enum class Store { rank_0, test };

struct JobOptions {
  int num_ranks = 3;
  int num_started = -1;  // the first ones; -1: all
  int victim = 2;        // the rank that something happens to
  bool hangs = false;    // the victim never ends by itself
  Store store = Store::test;
  int timeout_ms = 2000;
  int init_timeout_ms = 30000;
};

struct RankResult {
  cli::ExitState exit;
  std::string output;  // what it wrote to standard output
  double seconds = 0;  // from the start of the job
};

/// Runs a scenario of peer.cpp without a launcher: nobody but the ranks themselves can notice a failure. A victim that
/// hangs is killed when the others have ended. Fails the test after 20 s.
std::vector<RankResult> run_job(const std::string& scenario, const JobOptions& options);

/// The variables, beside torchrun's, that peer.cpp reads.
cli::Environment scenario_environment(const JobOptions& options);

/// The path of the test program that is one rank.
std::string peer_program();

/// A pipe's worth of text: what a process wrote to `file()`.
class Capture {
 public:
  Capture();
  ~Capture();
  int file() const { return file_; }
  std::string text() const;

 private:
  int file_;
};

}  // namespace titan::comm
