#include "estimator/hardware/row_reader.h"

#include <algorithm>
#include <sstream>

#include "runtime/config/config_error.h"
#include "runtime/config/nearest.h"
#include "runtime/config/number_text.h"
#include "runtime/config/value.h"

namespace titan::hardware {

RowReader::RowReader(std::string key, std::string file, const std::string& row)
    : key_(std::move(key)), file_(std::move(file)), row_(row) {
  std::istringstream in(row);
  for (std::string found; in >> found;) words_.push_back(found);
}

std::string RowReader::word(const char* what) {
  if (next_ == words_.size()) fail(std::string("lacks ") + what);
  return words_[next_++];
}

std::string RowReader::choice(const char* what, const std::vector<std::string>& choices) {
  const std::string found = word(what);
  if (std::find(choices.begin(), choices.end(), found) != choices.end()) return found;
  std::string list;
  for (const auto& one : choices) list += (list.empty() ? "" : ", ") + one;
  fail(std::string(what) + " must be one of " + list + "; found " + config::in_quotes(found) +
       config::did_you_mean(found, choices));
}

double RowReader::number(const char* what, double low, double high) { return parse(what, word(what), low, high); }

Curve RowReader::curve(const char* what, double low_value, double high_value) {
  Curve points;
  do {
    const std::string pair = word(what);
    const size_t colon = pair.find(':');
    if (colon == std::string::npos) fail(std::string(what) + " must be size:value, found " + config::in_quotes(pair));
    const double size = parse_size(what, std::string_view(pair).substr(0, colon));
    const double value = parse(what, std::string_view(pair).substr(colon + 1), low_value, high_value);
    if (!points.empty() && size <= points.back().first) fail(std::string(what) + " must have ascending sizes");
    points.emplace_back(size, value);
  } while (next_ < words_.size());
  return points;
}

void RowReader::end() const {
  if (next_ < words_.size()) fail("has a word too many: " + config::in_quotes(words_[next_]));
}

void RowReader::fail(const std::string& message) const {
  throw config::ConfigError(key_, "row " + config::in_quotes(row_) + " " + message + " (" + file_ + ")");
}

double RowReader::parse(const char* what, std::string_view text, double low, double high) const {
  const auto number = config::read_number(text);
  if (number && *number >= low && *number <= high) return *number;
  fail(std::string(what) + " must be " + config::to_text(low) + " to " + config::to_text(high) + ", found " +
       config::in_quotes(text));
}

double RowReader::parse_size(const char* what, std::string_view text) const {
  double unit = 1.0;
  if (text.ends_with('K')) unit = 1024.0;
  if (text.ends_with('M')) unit = 1024.0 * 1024.0;
  if (text.ends_with('G')) unit = 1024.0 * 1024.0 * 1024.0;
  if (unit > 1.0) text.remove_suffix(1);
  return parse(what, text, 1e-3, 1e12) * unit;
}

}  // namespace titan::hardware
