#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "validate/published/comparison.h"

namespace titan::validate {

/// A general statement of a document.
struct PublishedClaim {
  std::string id;
  std::string row;               // whose MFU it is about; empty: it cannot be expressed
  double low = 0.0, high = 0.0;  // percent
  std::string text;              // the statement, and what is missing where there is no row
};

/// Reads validate/published/claims.csv. Throws ConfigError naming file and line.
std::vector<PublishedClaim> read_claims(const std::filesystem::path& file);

/// The claims as text: predicted MFU, inside the range or not, or what is missing.
std::string claims_text(const std::vector<PublishedClaim>& claims, const std::vector<RowResult>& results);

}  // namespace titan::validate
