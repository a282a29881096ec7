#pragma once

#include <map>
#include <string>
#include <vector>

namespace titan::test {

/// How a run of the program ended.
struct Outcome {
  int status = -1;  // exit status; 128 + n after signal n
  std::string output;
  std::string error;
  double elapsed_s = 0.0;
  double cpu_s = 0.0;  // of the program itself; other processes do not count
  double peak_memory_bytes = 0.0;
};

/// Runs the built program, or a copy of it, with `arguments` from the source folder, with `environment` added to this
/// process's.
Outcome run_titan(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment = {},
                  const std::string& program = TITAN_BINARY_DIR "/bin/titan");

/// One logged step of a run.
struct LoggedStep {
  int64_t step = 0;
  double loss = 0.0;
  double grad_norm = 0.0;
};

/// Reads metrics.jsonl of a dump folder.
std::vector<LoggedStep> read_metrics(const std::string& dump_folder);

/// A fresh empty folder below the test's temporary folder.
std::string fresh_folder(const std::string& name);

}  // namespace titan::test
