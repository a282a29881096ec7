#include "estimator/hardware/spec_file.h"

#include <algorithm>

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"
#include "runtime/config/find_file.h"
#include "runtime/config/toml_file.h"

namespace titan::hardware {
namespace {

std::string plain(double number) {
  const std::string text = config::to_text(number);
  return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

bool is_empty_list(const config::Field& field) {
  const config::Value value = field.value();
  const auto* list = std::get_if<config::TextList>(&value);
  return list && list->empty();
}

}  // namespace

config::Rules between(double low, double high, const std::string& unit) {
  config::check(low > 0 && high < 1000 * low, "between: a value 1000 times off must be refused: low=", low,
                " high=", high);
  return {.minimum = low,
          .maximum = high,
          .wording = "must be " + plain(low) + " to " + plain(high) + (unit.empty() ? "" : " " + unit)};
}

config::Rules share(double low) {
  config::Rules rules = between(low, 1.0, "");
  rules.wording = "must be a share of 1, " + plain(low) + " to 1";
  return rules;
}

std::filesystem::path load_spec_file(const config::Schema& schema, const std::string& where, const std::string& name,
                                     const std::filesystem::path& folder) {
  // The name of a shipped file means that file, even where something of this name lies in the current folder.
  const std::filesystem::path shipped = folder / (name + ".toml");
  const std::filesystem::path path =
      std::filesystem::is_regular_file(shipped) ? shipped : config::find_file(where, name, folder);
  const std::vector<std::string> given = config::load_toml(schema, config::read_file(where, path), path.string());
  for (const auto& section : schema.sections()) {
    for (const auto& field : section.fields()) {
      const bool is_given = std::find(given.begin(), given.end(), field.key()) != given.end();
      const auto fail = [&](const char* message) {
        throw config::ConfigError(field.key(), message + path.string() + ": " + field.meaning());
      };
      if (!is_given && !field.optional()) fail("is missing in ");
      if (is_given && field.rules().not_empty && is_empty_list(field)) fail("must not be empty in ");
    }
  }
  return path;
}

}  // namespace titan::hardware
