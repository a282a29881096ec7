#pragma once

#include <string>
#include <vector>

#include "runtime/config/job_config.h"

namespace titan::config {

/// Throws ConfigError for a key that needs Python and cannot be ignored (experimental.custom_import, ...).
void refuse_python_keys(const JobConfig& config);

/// Answers keys that only make sense in Python and were changed from their defaults: one line each, "<key>: has no
/// effect: ...".
std::vector<std::string> python_key_notices(const JobConfig& config);

}  // namespace titan::config
