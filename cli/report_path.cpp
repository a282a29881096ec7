#include "cli/report_path.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/config/config_error.h"

namespace titan::cli {

void check_report_path(const std::filesystem::path& path) {
  std::error_code error;
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  if (path.empty() || std::filesystem::is_directory(path, error)) {
    throw config::ConfigError("json", "must name a file, found '" + path.string() + "'");
  }
  if (access(folder.c_str(), W_OK) != 0) {
    throw config::ConfigError("json", "cannot write '" + path.string() + "': " + std::strerror(errno));
  }
}

}  // namespace titan::cli
