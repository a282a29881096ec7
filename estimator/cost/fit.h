#pragma once

#include <functional>
#include <string>
#include <vector>

namespace titan::cost {

/// A positive number that a fit may move, with what it can physically be. Bounds: 0 < low < start < high.
struct Factor {
  std::string name;
  double start = 0, low = 0, high = 0;
};

/// Residuals at given factor values (in the order of the factors): one per measurement, e.g. log(predicted / measured).
using Residuals = std::function<std::vector<double>(const std::vector<double>& values)>;

struct FitOptions {
  int max_iterations = 60;
  double step = 1e-4;          // of finite differences, in the logarithm of a factor
  double tolerance = 1e-10;    // relative decrease of the sum of squares, and step length, at which the fit ends
  double undetermined = 1e-5;  // singular values below this share of 1 (or of the largest) carry no information
};

struct FittedFactor {
  std::string name;
  double value = 0;
  double relative_sd = 0;  // from residuals and Jacobian; infinite if undetermined
  bool determined = true;  // by the measurements; else alone or only in combination with others free to move
  bool at_bound = false;
};

struct Fit {
  std::vector<FittedFactor> factors;
  std::vector<double> residuals;
  double sum_of_squares = 0;
  int num_iterations = 0;
  bool converged = false;

  std::vector<double> values() const;
  /// What forbids using this fit, in words: a factor at a bound, undetermined, not converged. Empty: nothing.
  std::vector<std::string> problems() const;
};

/// Minimises the sum of squared residuals over the logarithms of the factors within their bounds: Levenberg-Marquardt
/// (Marquardt 1963) with scaled damping; a factor at a bound whose gradient points outwards is held there. Which
/// factors the data determine is read from the singular value decomposition of the Jacobian. Throws ContractError for
/// bad bounds, fewer measurements than one, or residuals that change in number or are not finite.
Fit fit(const std::vector<Factor>& factors, const Residuals& residuals, const FitOptions& options = {});

}  // namespace titan::cost
