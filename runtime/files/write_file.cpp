#include "runtime/files/write_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include "runtime/config/config_error.h"

namespace titan::files {

namespace fs = std::filesystem;

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw config::ConfigError(folder, "cannot be created: " + error.message());
}

int open_for_writing(const fs::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
  if (descriptor < 0)
    throw config::ConfigError(path, std::string("cannot be opened for writing: ") + std::strerror(errno));
  return descriptor;
}

void write_all(int descriptor, std::string_view text, const fs::path& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw std::runtime_error(path.string() + ": cannot be written: " + std::strerror(errno));
    text.remove_prefix(written);
  }
}

void write_file(const fs::path& path, std::string_view text) {
  const fs::path temporary = path.string() + ".tmp";
  const int descriptor = open_for_writing(temporary, O_TRUNC);
  try {
    write_all(descriptor, text, temporary);
  } catch (...) {
    ::close(descriptor);
    ::unlink(temporary.c_str());
    throw;
  }
  ::close(descriptor);
  std::error_code error;
  fs::rename(temporary, path, error);
  if (error) throw config::ConfigError(path, "cannot be replaced: " + error.message());
}

}  // namespace titan::files
