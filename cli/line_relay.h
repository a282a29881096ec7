#pragma once

#include <string>

namespace titan::cli {

/// Passes the text that one process writes into a pipe on to a file of this process, whole lines at a time, so that
/// lines of several processes never mix.
class LineRelay {
 public:
  /// Takes over `source`, the pipe's reading end. Lines go to `target` after `prefix`, or nowhere when `target` is -1.
  LineRelay(int source, int target, std::string prefix);
  LineRelay(LineRelay&& other) noexcept;
  LineRelay& operator=(LineRelay&&) = delete;
  ~LineRelay();

  /// The pipe's reading end; -1 once it has been closed.
  int source() const { return source_; }
  /// Passes on what the pipe holds now, without blocking. At its end the last line gets its line break.
  void pump();
  /// Passes on what is left and closes the pipe.
  void finish();

 private:
  void pass_on_lines();

  int source_;
  int target_;
  std::string prefix_;
  std::string pending_;  // the start of a line
};

}  // namespace titan::cli
