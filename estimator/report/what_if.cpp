#include "estimator/report/what_if.h"

#include <algorithm>

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"
#include "runtime/config/nearest.h"
#include "runtime/config/schema.h"
#include "runtime/config/value.h"

namespace titan::estimator {
namespace {

constexpr const char* kOption = "--what-if";

[[noreturn]] void fail(const std::string& message) { throw config::ConfigError(kOption, message); }

void check_key(std::string_view text, std::string_view key) {
  if (key.empty()) fail(config::in_quotes(text) + " names no key; expects 'key=a|b|c'");
  const auto allowed = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_' || letter == '.';
  };
  if (!std::all_of(key.begin(), key.end(), allowed)) {
    fail(config::in_quotes(text) + " has the key " + config::in_quotes(key) + "; expects 'key=a|b|c'");
  }
}

void check_unrepeated(const std::vector<WhatIf>& questions) {
  for (size_t i = 0; i < questions.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (questions[i].key == questions[j].key) {
        fail("varies " + questions[i].key + " twice; write its values in one: '" + questions[i].key + "=a|b|c'");
      }
    }
  }
}

bool ends_with_part(std::string_view key, std::string_view end) {
  return key.size() > end.size() && key.ends_with(end) && key[key.size() - end.size() - 1] == '.';
}

/// The only one; of several the one of what is trained.
std::optional<std::string> chosen(const std::vector<std::string>& matches) {
  if (matches.size() == 1) return matches.front();
  std::vector<std::string> trained;
  for (const std::string& match : matches) {
    if (match.starts_with("training.")) trained.push_back(match);
  }
  return trained.size() == 1 ? std::optional(trained.front()) : std::nullopt;
}

[[noreturn]] void fail_ambiguous(const WhatIf& question, const std::vector<std::string>& matches) {
  std::string keys, values;
  for (const std::string& match : matches) keys += (keys.empty() ? "" : ", ") + match;
  for (const std::string& value : question.values) values += (values.empty() ? "" : "|") + config::one_line(value);
  throw config::ConfigError(question.key, "is the end of several keys: " + keys +
                                              "; write one in full, as in --what-if '" + matches.front() + "=" +
                                              values + "'");
}

std::string resolved(const config::Schema& schema, const WhatIf& question) {
  const std::string& key = question.key;
  if (schema.find(key) != nullptr) return key;
  for (const config::Alias& alias : schema.aliases()) {
    if (alias.name == key) return alias.key;
  }
  std::vector<std::string> matches, last_parts;
  for (const config::Section& section : schema.sections()) {
    for (const config::Field& field : section.fields()) {
      if (ends_with_part(field.key(), key)) matches.push_back(field.key());
      last_parts.push_back(field.key().substr(field.key().rfind('.') + 1));
    }
  }
  if (const auto match = chosen(matches)) return *match;
  if (matches.empty() && key.find('.') == std::string::npos) {
    throw config::ConfigError(key, "unknown key" + config::did_you_mean(key, last_parts));
  }
  if (matches.empty()) throw config::ConfigError(key, config::unknown_key_message(schema, key));
  fail_ambiguous(question, matches);
}

}  // namespace

WhatIf parse_what_if(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) fail(config::in_quotes(text) + " lacks '='; expects 'key=a|b|c'");
  std::string_view key = trimmed(text.substr(0, equals));
  if (key.starts_with("--")) key.remove_prefix(2);
  WhatIf question{.key = std::string(key), .values = {}};
  std::replace(question.key.begin(), question.key.end(), '-', '_');
  check_key(text, question.key);
  std::string_view rest = text.substr(equals + 1);
  if (trimmed(rest).empty()) fail(question.key + " is given no value; expects '" + question.key + "=a|b|c'");
  for (bool more = true; more;) {
    const size_t bar = rest.find('|');
    more = bar != std::string_view::npos;
    const std::string value(trimmed(rest.substr(0, bar)));
    if (std::find(question.values.begin(), question.values.end(), value) != question.values.end()) {
      fail(question.key + " is given " + config::in_quotes(value) + " twice");
    }
    question.values.push_back(value);
    if (more) rest.remove_prefix(bar + 1);
  }
  return question;
}

void resolve_keys(std::vector<WhatIf>& questions, const config::Schema& schema) {
  for (WhatIf& question : questions) question.key = resolved(schema, question);
  check_unrepeated(questions);
}

std::vector<Overrides> combinations(const std::vector<WhatIf>& questions) {
  check_unrepeated(questions);
  if (questions.size() > kMostKeys) {
    fail("varies " + std::to_string(questions.size()) + " keys; at most " + std::to_string(kMostKeys) +
         " can vary at once");
  }
  size_t count = 1;
  for (const WhatIf& question : questions) {
    config::check(!question.values.empty(), "combinations: every key must have a value: key=", question.key);
    count *= question.values.size();
    if (count > kMostCombinations) {
      fail("asks for more than " + std::to_string(kMostCombinations) + " combinations; give fewer keys or values");
    }
  }
  std::vector<Overrides> sets(count);
  size_t repeat = count;  // rows for which the current question keeps a value
  for (const WhatIf& question : questions) {
    repeat /= question.values.size();
    for (size_t row = 0; row < count; ++row) {
      sets[row].push_back({question.key, question.values[row / repeat % question.values.size()]});
    }
  }
  return sets;
}

std::vector<std::string> as_arguments(const Overrides& overrides, const config::Schema& schema) {
  std::vector<std::string> arguments;
  for (const Override& setting : overrides) {
    const config::Field* field = schema.find(setting.key);
    if (field == nullptr) throw config::ConfigError(setting.key, config::unknown_key_message(schema, setting.key));
    if (field->kind() != config::Kind::kFlag) {
      arguments.push_back("--" + setting.key + "=" + setting.value);
      continue;
    }
    if (setting.value != "true" && setting.value != "false") {
      throw config::ConfigError(setting.key, "expects true or false, found " + config::in_quotes(setting.value));
    }
    const size_t leaf = setting.key.rfind('.') + 1;
    arguments.push_back("--" + setting.key.substr(0, leaf) + (setting.value == "true" ? "" : "no_") +
                        setting.key.substr(leaf));
  }
  return arguments;
}

}  // namespace titan::estimator
