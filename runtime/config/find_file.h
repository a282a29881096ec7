#pragma once

#include <filesystem>
#include <string>

namespace titan::config {

/// Finds a TOML file by its path, or a shipped one in `folder` by its bare name or the end of it, in any case: "405b"
/// finds llama3_405b.toml. `where` (a dotted key or variable) starts the messages. Throws ConfigError for a missing
/// file (naming the nearest shipped one), a folder, or an ending that several shipped files have (listing them).
std::filesystem::path find_file(const std::string& where, const std::string& name, const std::filesystem::path& folder);

/// Reads a whole file. Throws ConfigError(where, ...) where it cannot be read.
std::string read_file(const std::string& where, const std::filesystem::path& path);

}  // namespace titan::config
