#include "cli/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace titan::cli {
namespace {

/// The child's side of fork, where only async-signal-safe functions may be called. Returns only if the program cannot
/// start.
void become(const ChildProcess::Options& options, char* const* arguments, char* const* environment, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // the parent ended before the line above
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(options.standard_output, STDOUT_FILENO);
  ::dup2(options.standard_error, STDERR_FILENO);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &options.signal_mask, nullptr);
  ::execve(options.program.c_str(), arguments, environment);
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::string ExitState::text() const {
  if (signal == 0) return "ended with status " + std::to_string(status);
  return "was ended by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
}

ChildProcess ChildProcess::start(const Options& options) {
  std::vector<std::string> variables;
  for (const auto& [name, value] : options.environment) variables.push_back(name + "=" + value);
  const std::vector<char*> arguments = pointers_to(options.arguments);
  const std::vector<char*> environment = pointers_to(variables);
  std::array<int, 2> report;  // closed by a successful exec, else carries errno
  const auto fail = [&](int error) {
    return std::runtime_error("launch: cannot start " + options.program + ": " + std::strerror(error));
  };
  if (::pipe2(report.data(), O_CLOEXEC) < 0) throw fail(errno);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    become(options, arguments.data(), environment.data(), parent);
    const int error = errno;
    [[maybe_unused]] const ssize_t told = ::write(report[1], &error, sizeof error);
    ::_exit(127);
  }
  int error = pid < 0 ? errno : 0;
  ::close(report[1]);
  if (pid > 0 && ::read(report[0], &error, sizeof error) > 0) ::waitpid(pid, nullptr, 0);
  ::close(report[0]);
  if (error != 0) throw fail(error);
  return ChildProcess(pid);
}

bool ChildProcess::poll() {
  int status = 0;
  if (!running() || ::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  exit_ = WIFSIGNALED(status) ? ExitState{WTERMSIG(status), 128 + WTERMSIG(status)} : ExitState{0, WEXITSTATUS(status)};
  return true;
}

void ChildProcess::send(int signal) const {
  if (!running()) return;
  ::kill(-pid_, signal);
  ::kill(-pid_, SIGCONT);
}

}  // namespace titan::cli
