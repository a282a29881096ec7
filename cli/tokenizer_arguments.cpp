#include "cli/tokenizer_arguments.h"

#include <algorithm>
#include <charconv>

#include "runtime/config/config_error.h"

namespace titan::cli {
namespace {

using config::ConfigError;

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

TokenizerArguments::TokenizerArguments(const std::vector<std::string>& words, const std::set<std::string>& allowed) {
  std::vector<std::string>* current = nullptr;
  for (const std::string& word : words) {
    if (!word.starts_with("--") || word.size() == 2) {
      if (!current)
        throw ConfigError("titan tokenizer", "'" + word + "' belongs to no flag; known are " + joined(allowed));
      current->push_back(word);
      continue;
    }
    const size_t equals = word.find('=');
    std::string flag = word.substr(0, equals);
    std::replace(flag.begin() + 2, flag.end(), '_', '-');
    if (!allowed.contains(flag)) throw ConfigError(flag, "unknown flag; known are " + joined(allowed));
    current = &values_[flag].emplace_back();
    if (equals == std::string::npos) continue;
    current->push_back(word.substr(equals + 1));
    current = nullptr;
  }
}

bool TokenizerArguments::is_set(const std::string& flag) const {
  const auto entry = values_.find(flag);
  if (entry == values_.end()) return false;
  for (const auto& values : entry->second) {
    if (!values.empty()) throw ConfigError(flag, "takes no value, found '" + values[0] + "'");
  }
  return true;
}

std::vector<std::string> TokenizerArguments::list(const std::string& flag) const {
  std::vector<std::string> all;
  const auto entry = values_.find(flag);
  if (entry == values_.end()) return all;
  for (const auto& values : entry->second) all.insert(all.end(), values.begin(), values.end());
  if (all.empty()) throw ConfigError(flag, "needs a value");
  return all;
}

std::optional<std::string> TokenizerArguments::find(const std::string& flag) const {
  const auto entry = values_.find(flag);
  if (entry == values_.end()) return std::nullopt;
  const std::vector<std::string>& values = entry->second.back();
  if (values.empty()) throw ConfigError(flag, "needs a value");
  if (values.size() > 1) throw ConfigError(flag, "takes one value, found '" + values[0] + "' and '" + values[1] + "'");
  return values[0];
}

std::string TokenizerArguments::get(const std::string& flag) const {
  const std::optional<std::string> value = find(flag);
  if (!value) throw ConfigError(flag, "is required");
  return *value;
}

long long TokenizerArguments::integer(const std::string& flag, long long lowest,
                                      std::optional<long long> otherwise) const {
  if (otherwise && !values_.contains(flag)) return *otherwise;
  const std::string text = get(flag);
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < lowest) {
    throw ConfigError(flag, "must be an integer of at least " + std::to_string(lowest) + ", found '" + text + "'");
  }
  return value;
}

}  // namespace titan::cli
