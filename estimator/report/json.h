#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "estimator/report/estimate.h"

namespace titan::estimator {

/// Writes an estimate as JSON (docs/estimate.schema.json), ending with a newline. Throws ContractError for a number
/// that is not finite.
std::string to_json(const Estimate& estimate);

/// Reads what to_json wrote. Throws ConfigError(file, ...), one line, for a text that is no estimate: broken JSON, a
/// field that is missing, unknown, of another type, or contradicts the others.
Estimate from_json(std::string_view text, const std::string& file);

/// Reads a file. Throws as from_json does, and when the file cannot be read.
Estimate read_estimate(const std::filesystem::path& path);

}  // namespace titan::estimator
