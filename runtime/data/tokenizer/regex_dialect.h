#pragma once

#include <string>

namespace titan::tokenizer {

/// Rewrites a pattern of tokenizer.json (Oniguruma syntax with Unicode 16) so that PCRE2 finds the same matches: ^ and
/// $ at lines, (?m) for a dot that matches newlines, \s \w \b \h, {,n}, {n,m}+, script names. `exact` also adds the
/// characters that PCRE2 does not classify yet. Throws ConfigError(`where`, …) naming a construct that has no equal in
/// PCRE2.
std::string translate_regex(const std::string& pattern, bool exact, const std::string& where);

}  // namespace titan::tokenizer
