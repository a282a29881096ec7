#include "cli/repeated_option.h"

#include "runtime/config/config_error.h"

namespace titan::cli {

std::vector<std::string> take_repeated(std::vector<std::string>& arguments, const std::string& name) {
  const std::string option = "--" + name;
  std::vector<std::string> values, rest;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument.starts_with(option + "=")) {
      values.push_back(argument.substr(option.size() + 1));
    } else if (argument == option) {
      const bool there = i + 1 < arguments.size() && !arguments[i + 1].starts_with("--");
      if (!there) throw config::ConfigError(option, "expects a text after it, found nothing");
      values.push_back(arguments[++i]);
    } else {
      rest.push_back(argument);
    }
  }
  arguments = std::move(rest);
  return values;
}

std::optional<std::string> take_one(std::vector<std::string>& arguments, const std::string& name) {
  const auto values = take_repeated(arguments, name);
  if (values.size() > 1) throw config::ConfigError("--" + name, "is given twice");
  return values.empty() ? std::nullopt : std::optional(values.front());
}

void refuse_options(const std::vector<std::string>& arguments, const std::string& command, const std::string& allowed) {
  for (const auto& argument : arguments) {
    if (argument.starts_with("-")) {
      throw config::ConfigError(argument, "is no option of " + command + "; " + allowed);
    }
  }
}

}  // namespace titan::cli
