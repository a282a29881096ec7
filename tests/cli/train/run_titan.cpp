#include "tests/cli/train/run_titan.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace titan::test {
namespace {

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

[[noreturn]] void become_titan(const std::vector<std::string>& arguments,
                               const std::map<std::string, std::string>& environment, const std::string& program,
                               const std::string& output, const std::string& error) {
  for (const char* name : {"COMM_MODE", "NGPU", "CONFIG_FILE", "LOG_RANK", "RANK", "WORLD_SIZE"}) unsetenv(name);
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  if (!freopen(output.c_str(), "w", stdout) || !freopen(error.c_str(), "w", stderr) || chdir(TITAN_SOURCE_DIR) != 0)
    _exit(126);
  std::vector<char*> argv = {const_cast<char*>("titan")};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  _exit(127);
}

}  // namespace

std::string fresh_folder(const std::string& name) {
  const auto path = std::filesystem::path(testing::TempDir()) / ("titan_" + std::to_string(getpid())) / name;
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path.string();
}

Outcome run_titan(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment,
                  const std::string& program) {
  const std::string folder = fresh_folder("streams");
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) become_titan(arguments, environment, program, folder + "/out", folder + "/err");
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  Outcome outcome{.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)};
  outcome.elapsed_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  outcome.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  outcome.peak_memory_bytes = 1024.0 * static_cast<double>(usage.ru_maxrss);
  outcome.output = read_file(folder + "/out");
  outcome.error = read_file(folder + "/err");
  return outcome;
}

std::vector<LoggedStep> read_metrics(const std::string& dump_folder) {
  std::ifstream file(dump_folder + "/metrics.jsonl");
  std::vector<LoggedStep> steps;
  for (std::string line; std::getline(file, line);) {
    const auto record = nlohmann::json::parse(line);
    steps.push_back({.step = record["step"], .loss = record["loss"], .grad_norm = record["grad_norm"]});
  }
  return steps;
}

}  // namespace titan::test
