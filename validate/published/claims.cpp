#include "validate/published/claims.h"

#include <algorithm>
#include <cstdio>

#include "runtime/config/config_error.h"
#include "validate/published/csv.h"

namespace titan::validate {

std::vector<PublishedClaim> read_claims(const std::filesystem::path& file) {
  std::vector<PublishedClaim> claims;
  read_csv(file, "id,row,low_percent,high_percent,text", [&](const std::string& where, const auto& cells) {
    PublishedClaim claim{.id = cells[0], .row = cells[1], .text = cells[4]};
    if (!claim.row.empty()) {
      claim.low = read_figure(where, cells[2]).value;
      claim.high = read_figure(where, cells[3]).value;
      if (claim.low > claim.high) throw config::ConfigError(where, "low_percent must be at most high_percent");
    }
    claims.push_back(std::move(claim));
  });
  return claims;
}

std::string claims_text(const std::vector<PublishedClaim>& claims, const std::vector<RowResult>& results) {
  std::string text = "\nGeneral claims:\n";
  for (const auto& claim : claims) {
    const auto found =
        std::find_if(results.begin(), results.end(), [&](const RowResult& one) { return one.row.id == claim.row; });
    std::string verdict = "not expressible";
    if (found != results.end() && found->mfu_percent) {
      const bool inside = claim.low <= *found->mfu_percent && *found->mfu_percent <= claim.high;
      char number[64];
      std::snprintf(number, sizeof number, "%.1f %% MFU, %s", *found->mfu_percent, inside ? "inside" : "OUTSIDE");
      verdict = number;
    }
    text += "  " + verdict + ": " + claim.text + "\n";
  }
  return text;
}

}  // namespace titan::validate
