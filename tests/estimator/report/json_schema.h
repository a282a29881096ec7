#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace titan::estimator {

/// Lists how `value` breaks `schema`, one line per break with its path; empty: valid. Understands type, properties,
/// required, additionalProperties, items, minItems, maxItems, minimum, maximum, const, anyOf and the annotations.
/// Throws std::invalid_argument for any other keyword: no part of a schema is passed over.
std::vector<std::string> schema_breaks(const nlohmann::json& schema, const nlohmann::json& value,
                                       const std::string& path = "$");

}  // namespace titan::estimator
