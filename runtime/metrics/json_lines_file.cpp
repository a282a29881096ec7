#include "runtime/metrics/json_lines_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "runtime/config/config_error.h"
#include "runtime/files/write_file.h"

namespace titan::metrics {
namespace {

namespace fs = std::filesystem;

std::string cause(int error) { return std::strerror(error); }

std::string read_all(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
  if (!in.is_open() || in.bad() || text.bad()) throw config::ConfigError(path, "cannot be read: " + cause(errno));
  return text.str();
}

std::optional<int64_t> step_of(std::string_view line) {
  const auto object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return std::nullopt;
  const auto step = object.find("step");
  if (step == object.end() || !step->is_number_integer()) return std::nullopt;
  return step->get<int64_t>();
}

/// Gives the lines up to `resume_step`. A last line without its newline was cut off by a crash.
std::string kept_lines(const fs::path& path, const std::string& text, int64_t resume_step) {
  std::string kept;
  int64_t number = 0;
  for (size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    ++number;
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    const std::optional<int64_t> step = step_of(line);
    if (!step) {
      throw config::ConfigError(path,
                                "line " + std::to_string(number) +
                                    " is not a JSON object with an integer \"step\"; move the file away to go on");
    }
    if (*step <= resume_step) kept.append(line).append("\n");
  }
  return kept;
}

void drop_later_lines(const fs::path& path, int64_t resume_step) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return;
  const std::string text = read_all(path);
  const std::string kept = kept_lines(path, text, resume_step);
  if (kept.size() != text.size()) files::write_file(path, kept);
}

}  // namespace

JsonLinesFile::JsonLinesFile(fs::path path, int64_t resume_step) : path_(std::move(path)) {
  if (path_.has_parent_path()) files::make_folder(path_.parent_path());
  drop_later_lines(path_, resume_step);
  descriptor_ = files::open_for_writing(path_, O_APPEND);
}

JsonLinesFile::~JsonLinesFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

JsonLinesFile::JsonLinesFile(JsonLinesFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

void JsonLinesFile::append(std::string_view json_object) {
  files::write_all(descriptor_, std::string(json_object) + "\n", path_);
}

}  // namespace titan::metrics
