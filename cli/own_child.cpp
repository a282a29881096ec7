#include "cli/own_child.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "cli/launch.h"
#include "runtime/files/write_file.h"

namespace titan::cli {
namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(5);

/// Closes a descriptor.
struct Descriptor {
  explicit Descriptor(int number) : value(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(value); }
  int value;
};

Environment worldless_environment() {
  auto environment = current_environment();
  for (const char* name : {"COMM_MODE", "CONFIG_FILE", "NGPU", "RANK", "LOCAL_RANK", "WORLD_SIZE"}) {
    environment.erase(name);
  }
  return environment;
}

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  while (line.empty() && std::getline(in, line)) {
  }
  return line;
}

}  // namespace

ChildOutcome run_own_child(const std::vector<std::string>& arguments, const std::filesystem::path& folder) {
  const auto error_file = folder / "standard_error";
  const Descriptor nothing(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const Descriptor error(files::open_for_writing(error_file, O_TRUNC));
  ChildProcess::Options options{
      .program = kThisProgram, .arguments = {"titan"}, .environment = worldless_environment()};
  options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
  options.standard_output = nothing.value;
  options.standard_error = error.value;
  auto child = ChildProcess::start(options);
  while (!child.poll()) std::this_thread::sleep_for(kPollInterval);
  return {.exit = *child.exit(), .error = first_line(error_file)};
}

}  // namespace titan::cli
