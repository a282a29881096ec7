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

namespace {

/// Writes and closes; `path` is for the message.
void fill(int descriptor, std::string_view text, const fs::path& path) {
  try {
    write_all(descriptor, text, path);
  } catch (...) {
    ::close(descriptor);
    throw;
  }
  if (::close(descriptor) == 0) return;
  throw std::runtime_error(path.string() + ": cannot be written: " + std::strerror(errno));
}

}  // namespace

bool is_written_in_place(const fs::path& path) {
  std::error_code error;
  const auto type = fs::symlink_status(path, error).type();
  return type != fs::file_type::not_found && type != fs::file_type::none && type != fs::file_type::regular;
}

void write_file(const fs::path& path, std::string_view text) {
  if (is_written_in_place(path)) return fill(open_for_writing(path, O_TRUNC), text, path);
  const fs::path temporary = path.string() + ".tmp";
  const int descriptor = open_for_writing(temporary, O_TRUNC);
  std::error_code error;
  try {
    fill(descriptor, text, path);
  } catch (...) {
    fs::remove(temporary, error);
    throw;
  }
  fs::rename(temporary, path, error);
  if (error) throw config::ConfigError(path, "cannot be replaced: " + error.message());
}

}  // namespace titan::files
