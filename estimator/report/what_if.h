#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/report/estimate.h"
#include "estimator/report/table.h"

namespace titan::config {
class Schema;
}

namespace titan::estimator {

/// One `--what-if 'key=a|b|c'`.
struct WhatIf {
  std::string key;
  std::vector<std::string> values;  // at least one, all different; "" is a value
};

/// One setting of one combination.
struct Override {
  std::string key;
  std::string value;
  bool operator==(const Override&) const = default;
};
using Overrides = std::vector<Override>;

/// Combinations that are tried at most.
inline constexpr size_t kMostCombinations = 1000;
/// Keys that can vary at once: more do not fit in the table.
inline constexpr size_t kMostKeys = 8;

/// Reads `key=a|b|c`; a leading `--` and spaces around key and values are dropped. Throws ConfigError("--what-if",
/// ...).
WhatIf parse_what_if(std::string_view text);

/// Replaces each key by the full one of `schema`: an option's short name, or the end of a key ("num_gpus" is
/// hardware.num_gpus). An end of several keys means the one in [training], if just one of them is there. Throws
/// ConfigError for a key that is unknown, ambiguous, or varied twice.
void resolve_keys(std::vector<WhatIf>& questions, const config::Schema& schema);

/// Gives the cross product, the last question varying fastest; one empty set for no question. Throws
/// ConfigError("--what-if", ...) beyond kMostCombinations or kMostKeys, or for a key that is varied twice.
std::vector<Overrides> combinations(const std::vector<WhatIf>& questions);

/// Writes a combination as command-line arguments: "--training.seq_len=8192", "--compile.no_enable". Throws
/// ConfigError naming the key for a flag that is neither true nor false.
std::vector<std::string> as_arguments(const Overrides& overrides, const config::Schema& schema);

/// A combination and what came of it: an estimate, or why there is none.
struct WhatIfRow {
  Overrides overrides;
  std::optional<Estimate> estimate;
  std::string error;  // one line; empty where there is an estimate
};

/// Writes one row per combination: the varied keys, fits, memory, tokens/s, step time, MFU. The row that fits with the
/// most tokens/s is marked. All rows must vary the same keys.
std::string what_if_table(const std::vector<WhatIfRow>& rows, const TableOptions& options = {});

}  // namespace titan::estimator
