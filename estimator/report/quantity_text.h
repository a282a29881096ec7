#pragma once

#include <cstdint>
#include <string>

// Quantities as the reports write them: about four digits and the unit that keeps the number short.

namespace titan::estimator {

/// Writes bytes: "512 B", "1.50 MiB", "72.98 GiB".
std::string bytes_text(int64_t bytes);

/// The same for a column of numbers: in the unit that suits `largest`; "< 0.01 GiB" where rounding would say that
/// nothing is there.
std::string bytes_text(int64_t bytes, int64_t largest);

/// Writes a duration: "0 s", "12.30 us", "843.2 ms", "2.843 s", "12,345 s".
std::string seconds_text(double seconds);

/// The same for a column of numbers: in the unit that suits `largest`; "< 0.001 s" as above.
std::string seconds_text(double seconds, double largest);

/// Writes a rate without its unit: "0.482", "99.5", "5,762".
std::string rate_text(double per_second);

/// Gives the share that `part` is of `whole`; 0 of nothing, and for what rounding left of a difference.
double share_of(double part, double whole);

/// Writes a share of 1: "33.7 %"; "< 0.1 %" where rounding would say nothing is there.
std::string share_text(double share);

/// Writes a count of parameters: "6.16M", "8.03B", "405.9B".
std::string count_text(int64_t count);

/// Puts "+" before what is not negative; `text` is what the functions above give for the absolute value.
std::string signed_text(bool negative, const std::string& text);

}  // namespace titan::estimator
