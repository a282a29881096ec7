#pragma once

#include <string>
#include <vector>

namespace titan::cli {

/// Takes every `--name value` and `--name=value` out of `arguments`, in order: options of which each counts, unlike the
/// configuration's, of which the last does. Values are taken as they are, commas included. Throws ConfigError for a
/// missing value.
std::vector<std::string> take_repeated(std::vector<std::string>& arguments, const std::string& name);

}  // namespace titan::cli
