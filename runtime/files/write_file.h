#pragma once

#include <filesystem>
#include <string_view>

namespace titan::files {

/// Makes `folder` and those above it. Throws ConfigError naming it.
void make_folder(const std::filesystem::path& folder);

/// Opens `path` for writing with flags besides O_WRONLY, O_CREAT and O_CLOEXEC (O_APPEND, O_TRUNC). Returns the
/// descriptor. Throws ConfigError naming the path.
int open_for_writing(const std::filesystem::path& path, int flags);

/// Writes all of `text`. Throws std::runtime_error naming `path`, which is for the message only.
void write_all(int descriptor, std::string_view text, const std::filesystem::path& path);

/// Says whether `path` is there and no plain file: a device, a pipe, a link. It is kept, and written in place.
bool is_written_in_place(const std::filesystem::path& path);

/// Makes `text` the contents of `path`: under a temporary name first, so that a crash or a full disk leaves what was
/// there before; only what is_written_in_place is opened itself. Throws as open_for_writing and write_all do.
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace titan::files
