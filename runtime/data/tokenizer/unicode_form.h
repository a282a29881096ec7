#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace titan::tokenizer {

/// Canonical normalisation forms (Unicode Standard Annex 15).
enum class UnicodeForm { kComposed, kDecomposed };

/// Returns the form that tokenizer.json calls "NFC" or "NFD"; nothing for other names.
std::optional<UnicodeForm> unicode_form(std::string_view name);

/// Brings valid UTF-8 into a form.
void normalize(UnicodeForm form, std::string& text);

/// Replaces every character of valid UTF-8 by its lower case, without regard to its neighbours.
void lowercase(std::string& text);

}  // namespace titan::tokenizer
