#include "bench/peer.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace titan::bench {
namespace {

std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

std::string peer_python() {
  const char* python = std::getenv("TITAN_PEER");
  if (python && *python) return python;
  const std::string local = TITAN_SOURCE_DIR "/build/peer/bin/python";
  return std::filesystem::exists(local) ? local : "";
}

std::string run_peer(const std::string& script, const std::vector<std::string>& arguments) {
  std::string command = quoted(peer_python()) + " " + quoted(TITAN_SOURCE_DIR "/" + script);
  for (const auto& argument : arguments) command += " " + quoted(argument);
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("run_peer: cannot start: " + command);
  std::string output;
  std::array<char, 4096> buffer;
  while (const size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), count);
  const int status = pclose(pipe);
  if (status != 0) throw std::runtime_error("run_peer: failed: " + command);
  return output;
}

}  // namespace titan::bench
