#pragma once

#include <stdexcept>
#include <string>

namespace titan::config {

/// The user's configuration, command line or input file is at fault. Printed as one line `<where>: <message>` on
/// standard error; the process ends with status 2.
class ConfigError : public std::runtime_error {
 public:
  /// `where` is a dotted key, an environment variable or a file; `message` says what was found, what is allowed and the
  /// nearest valid name.
  ConfigError(const std::string& where, const std::string& message)
      : std::runtime_error(where + ": " + message), where_(where), message_(message) {}

  const std::string& where() const { return where_; }
  const std::string& message() const { return message_; }

 private:
  std::string where_;
  std::string message_;
};

}  // namespace titan::config
