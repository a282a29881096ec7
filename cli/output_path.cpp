#include "cli/output_path.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/config/config_error.h"
#include "runtime/files/write_file.h"

namespace titan::cli {

void check_output_path(const std::string& option, const std::filesystem::path& path) {
  std::error_code error;
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  if (path.empty() || std::filesystem::is_directory(path, error)) {
    throw config::ConfigError(option, "must name a file, found '" + path.string() + "'");
  }
  const auto& written = files::is_written_in_place(path) && std::filesystem::exists(path, error) ? path : folder;
  if (access(written.c_str(), W_OK) != 0) {
    throw config::ConfigError(option, "cannot write '" + path.string() + "': " + std::strerror(errno));
  }
}

}  // namespace titan::cli
