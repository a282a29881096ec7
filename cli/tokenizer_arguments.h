#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace titan::cli {

/// The command line of one `titan tokenizer` verb: `--flag value…` and `--flag=value`. '-' and '_' are alike in flags.
class TokenizerArguments {
 public:
  /// Throws ConfigError for a flag that is not among `allowed` and for words that belong to no flag.
  TokenizerArguments(const std::vector<std::string>& words, const std::set<std::string>& allowed);

  /// Whether a flag without value is given; throws ConfigError when it has one.
  bool is_set(const std::string& flag) const;
  /// All values of a flag that may take several.
  std::vector<std::string> list(const std::string& flag) const;
  /// The value of a flag; the last if it is repeated. Throws ConfigError when the flag has several values or none.
  std::optional<std::string> find(const std::string& flag) const;
  std::string get(const std::string& flag) const;
  /// An integer of at least `lowest`.
  long long integer(const std::string& flag, long long lowest, std::optional<long long> otherwise = {}) const;

 private:
  std::map<std::string, std::vector<std::vector<std::string>>>
      values_;  // one inner list for each time the flag is given
};

}  // namespace titan::cli
