#include "sim/trace/trace_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "runtime/config/config_error.h"
#include "runtime/files/write_file.h"

namespace titan::trace {

void write_trace(const Trace& trace, const std::filesystem::path& path) { files::write_file(path, encode(trace)); }

Trace read_trace(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path))
    throw config::ConfigError(
        path, file ? "is a folder, not a trace" : std::string("cannot be opened: ") + std::strerror(errno));
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) throw config::ConfigError(path, "cannot be read");
  return decode(bytes, path);
}

}  // namespace titan::trace
