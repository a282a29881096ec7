#pragma once

#include <string>
#include <vector>

namespace titan::comm {

/// Who serves the store in which the ranks of a test job meet.
enum class Store { rank_0, test };

struct JobOptions {
  int num_ranks = 3;
  int num_started = 3;  // the first ones
  int victim = 2;       // the rank that something happens to
  bool hangs = false;   // the victim never ends by itself
  Store store = Store::test;
  int timeout_ms = 2000;
  int init_timeout_ms = 30000;
};

struct RankResult {
  int status = 0;  // of exit; after signal n: 128 + n
  std::string output;
};

/// Runs a scenario in processes forked from this one, without a launcher: nobody but the ranks themselves can notice a
/// failure. A victim that hangs is killed when the others have ended. Fails the test after 20 s.
std::vector<RankResult> run_job(const std::string& scenario, const JobOptions& options);

/// A file in memory for what a process writes.
class Capture {
 public:
  Capture();
  Capture(const Capture&) = delete;
  ~Capture();
  int file() const { return file_; }
  std::string text() const;

 private:
  int file_;
};

}  // namespace titan::comm
