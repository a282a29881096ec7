#pragma once

#include <filesystem>

namespace titan::cli {

/// Refuses before a run what --json could not write after it. Throws ConfigError.
void check_report_path(const std::filesystem::path& path);

}  // namespace titan::cli
