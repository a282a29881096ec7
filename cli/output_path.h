#pragma once

#include <filesystem>
#include <string>

namespace titan::cli {

/// Refuses before a run what could not be written after it: no file name, or a folder that cannot be written. Throws
/// ConfigError naming `option`.
void check_output_path(const std::string& option, const std::filesystem::path& path);

}  // namespace titan::cli
