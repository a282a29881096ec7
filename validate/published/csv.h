#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace titan::validate {

/// Reads a table of plain cells (no quotes; the last column may hold commas): lines that begin with # and empty ones
/// are left out, the first other line must be `header`. Calls `visit("file:line", cells)` for each row. Throws
/// ConfigError naming file and line.
void read_csv(const std::filesystem::path& file, const std::string& header,
              const std::function<void(const std::string& where, const std::vector<std::string>& cells)>& visit);

}  // namespace titan::validate
