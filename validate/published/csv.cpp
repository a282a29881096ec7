#include "validate/published/csv.h"

#include <algorithm>
#include <fstream>

#include "runtime/config/config_error.h"

namespace titan::validate {
namespace {

std::vector<std::string> split(const std::string& line, size_t num_columns) {
  std::vector<std::string> cells(1);
  for (const char letter : line) {
    if (letter == ',' && cells.size() < num_columns) {
      cells.emplace_back();
    } else {
      cells.back() += letter;
    }
  }
  return cells;
}

}  // namespace

void read_csv(const std::filesystem::path& file, const std::string& header,
              const std::function<void(const std::string& where, const std::vector<std::string>& cells)>& visit) {
  std::ifstream in(file);
  if (!in) throw config::ConfigError(file.string(), "cannot be read");
  const auto num_columns = static_cast<size_t>(std::count(header.begin(), header.end(), ',')) + 1;
  std::string line;
  bool has_header = false;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::string where = file.string() + ":" + std::to_string(number);
    if (!has_header) {
      if (line != header) throw config::ConfigError(where, "expects the header " + header);
      has_header = true;
      continue;
    }
    const auto cells = split(line, num_columns);
    if (cells.size() != num_columns) {
      throw config::ConfigError(
          where, "expects " + std::to_string(num_columns) + " columns, found " + std::to_string(cells.size()));
    }
    visit(where, cells);
  }
}

}  // namespace titan::validate
