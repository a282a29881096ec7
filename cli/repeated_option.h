#pragma once

#include <optional>
#include <string>
#include <vector>

namespace titan::cli {

/// Takes every `--name value` and `--name=value` out of `arguments`, in order: options of which each counts, unlike the
/// configuration's, of which the last does. Values are taken as they are, commas included. Throws ConfigError for a
/// missing value.
std::vector<std::string> take_repeated(std::vector<std::string>& arguments, const std::string& name);

/// The same for an option that counts once. Throws ConfigError if it is given twice, too.
std::optional<std::string> take_one(std::vector<std::string>& arguments, const std::string& name);

/// Refuses what is left and begins with "-". `allowed`: "allowed are --json, --steps". Throws ConfigError.
void refuse_options(const std::vector<std::string>& arguments, const std::string& command, const std::string& allowed);

}  // namespace titan::cli
