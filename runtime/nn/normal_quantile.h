#pragma once

#include <cmath>

namespace titan::nn {

/// Gives the probability that a standard normal variable is below x.
inline double normal_cdf(double x) { return 0.5 * std::erfc(-x * 0.70710678118654752440); }

namespace detail {

/// Evaluates a polynomial by Horner's rule, lowest coefficient first.
template <class... Rest>
constexpr double horner(double x, double first, Rest... rest) {
  if constexpr (sizeof...(rest) == 0) {
    return first;
  } else {
    return first + x * horner(x, rest...);
  }
}

}  // namespace detail

/// True where normal_quantile_centre applies.
inline bool is_central(double p) { return std::fabs(p - 0.5) <= 0.425; }

/// Inverts normal_cdf for p in [0.075, 0.925]: a rational function without branches (Wichura, algorithm AS 241,
/// PPND16).
inline double normal_quantile_centre(double p) {
  const double q = p - 0.5;
  const double r = 0.180625 - q * q;
  return q *
         detail::horner(r, 3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
                        45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727) /
         detail::horner(r, 1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
                        21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610);
}

/// Inverts normal_cdf outside the centre, for p and 1 - p of at least 1e-11 (AS 241).
inline double normal_quantile_tail(double p) {
  const double r = std::sqrt(-std::log(p < 0.5 ? p : 1.0 - p)) - 1.6;
  const double x = detail::horner(r, 1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550,
                                  3.64784832476320460504, 1.27045825245236838258, 0.241780725177450611770,
                                  0.0227238449892691845833, 7.74545014278341407640e-4) /
                   detail::horner(r, 1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
                                  0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4,
                                  1.05075007164441684324e-9);
  return p < 0.5 ? -x : x;
}

}  // namespace titan::nn
