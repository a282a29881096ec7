#include "estimator/cost/fit.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/config/check.h"

namespace titan::cost {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Residuals as a function of the logarithms of the factors.
class Problem {
 public:
  Problem(const std::vector<Factor>& factors, const Residuals& residuals, double step)
      : residuals_(residuals), step_(step), low_(factors.size()), high_(factors.size()), start_(factors.size()) {
    for (size_t i = 0; i < factors.size(); ++i) {
      const Factor& factor = factors[i];
      config::check(factor.low > 0 && factor.low < factor.start && factor.start < factor.high,
                    "fit: bounds must be 0 < low < start < high: ", factor.name, " low=", factor.low,
                    " start=", factor.start, " high=", factor.high);
      low_[i] = std::log(factor.low);
      high_[i] = std::log(factor.high);
      start_[i] = std::log(factor.start);
    }
  }

  const VectorXd& start() const { return start_; }
  const VectorXd& low() const { return low_; }
  const VectorXd& high() const { return high_; }

  VectorXd at(const VectorXd& logs) const {
    std::vector<double> values(logs.size());
    for (Eigen::Index i = 0; i < logs.size(); ++i) values[i] = std::exp(logs[i]);
    const std::vector<double> found = residuals_(values);
    config::check(!found.empty() && (num_ == 0 || found.size() == num_),
                  "fit: residuals must be at least one and always as many: found ", found.size(), " after ", num_);
    num_ = found.size();
    for (const double one : found) config::check(std::isfinite(one), "fit: a residual must be finite: ", one);
    return Eigen::Map<const VectorXd>(found.data(), static_cast<Eigen::Index>(found.size()));
  }

  /// Central differences, one-sided at a bound.
  MatrixXd jacobian(const VectorXd& logs) const {
    MatrixXd columns;
    for (Eigen::Index i = 0; i < logs.size(); ++i) {
      VectorXd up = logs, down = logs;
      up[i] = std::min(logs[i] + step_, high_[i]);
      down[i] = std::max(logs[i] - step_, low_[i]);
      const VectorXd slope = (at(up) - at(down)) / (up[i] - down[i]);
      if (i == 0) columns.resize(slope.size(), logs.size());
      columns.col(i) = slope;
    }
    return columns;
  }

 private:
  const Residuals& residuals_;
  double step_;
  VectorXd low_, high_, start_;
  mutable size_t num_ = 0;
};

/// Damped normal equations; factors that would leave their bounds stay where they are.
VectorXd damped_step(const Problem& problem, const VectorXd& logs, const MatrixXd& jacobian, const VectorXd& residuals,
                     double damping) {
  const VectorXd gradient = jacobian.transpose() * residuals;
  MatrixXd normal = jacobian.transpose() * jacobian;
  VectorXd right = -gradient;
  const double floor = 1e-12 * std::max(normal.diagonal().maxCoeff(), 1e-300);
  for (Eigen::Index i = 0; i < logs.size(); ++i) {
    const bool held =
        (logs[i] <= problem.low()[i] && gradient[i] > 0) || (logs[i] >= problem.high()[i] && gradient[i] < 0);
    if (held) {
      normal.row(i).setZero();
      normal.col(i).setZero();
      right[i] = 0;
      normal(i, i) = 1;
    } else {
      normal(i, i) += damping * normal(i, i) + floor;
    }
  }
  const VectorXd moved = logs + normal.ldlt().solve(right);
  return moved.cwiseMax(problem.low()).cwiseMin(problem.high());
}

void describe(Fit& result, const std::vector<Factor>& factors, const Problem& problem, const VectorXd& logs,
              const FitOptions& options) {
  const MatrixXd jacobian = problem.jacobian(logs);
  const Eigen::JacobiSVD<MatrixXd> svd(jacobian, Eigen::ComputeThinU | Eigen::ComputeFullV);
  const VectorXd& singular = svd.singularValues();
  const double largest = std::max(1.0, singular.size() ? singular[0] : 0.0);
  const auto num_free = std::max<Eigen::Index>(1, jacobian.rows() - jacobian.cols());
  const double variance = result.sum_of_squares / static_cast<double>(num_free);
  for (Eigen::Index i = 0; i < logs.size(); ++i) {
    FittedFactor factor;
    factor.name = factors[i].name;
    factor.value = std::exp(logs[i]);
    factor.at_bound = logs[i] <= problem.low()[i] || logs[i] >= problem.high()[i];
    double spread = 0;
    for (Eigen::Index j = 0; j < svd.matrixV().cols(); ++j) {
      const double part = svd.matrixV()(i, j);
      const double size = j < singular.size() ? singular[j] : 0.0;
      if (size > options.undetermined * largest) {
        spread += part * part / (size * size);
      } else if (std::abs(part) > 1e-3) {
        factor.determined = false;
      }
    }
    factor.relative_sd = factor.determined ? std::sqrt(variance * spread) : std::numeric_limits<double>::infinity();
    result.factors.push_back(factor);
  }
}

}  // namespace

std::vector<double> Fit::values() const {
  std::vector<double> found;
  for (const auto& factor : factors) found.push_back(factor.value);
  return found;
}

std::vector<std::string> Fit::problems() const {
  std::vector<std::string> lines;
  if (!converged) lines.push_back("the fit did not converge in " + std::to_string(num_iterations) + " iterations");
  for (const auto& factor : factors) {
    if (!factor.determined) lines.push_back(factor.name + " is not determined by the measurements");
    if (factor.at_bound) lines.push_back(factor.name + " ends at a bound: " + std::to_string(factor.value));
  }
  return lines;
}

Fit fit(const std::vector<Factor>& factors, const Residuals& residuals, const FitOptions& options) {
  config::check(!factors.empty(), "fit: needs a factor");
  const Problem problem(factors, residuals, options.step);
  VectorXd logs = problem.start(), now = problem.at(logs);
  Fit result;
  double damping = 1e-3;
  while (!result.converged && result.num_iterations < options.max_iterations) {
    ++result.num_iterations;
    const MatrixXd jacobian = problem.jacobian(logs);
    for (bool accepted = false; !accepted && !result.converged;) {
      const VectorXd next = damped_step(problem, logs, jacobian, now, damping);
      const VectorXd then = problem.at(next);
      const double before = now.squaredNorm(), after = then.squaredNorm();
      const double length = (next - logs).norm();
      accepted = after < before;
      result.converged =
          length < options.tolerance || damping > 1e12 || (accepted && before - after < options.tolerance * before);
      damping = accepted ? std::max(1e-12, damping / 9) : damping * 4;
      if (accepted) {
        logs = next;
        now = then;
      }
    }
  }
  result.residuals.assign(now.data(), now.data() + now.size());
  result.sum_of_squares = now.squaredNorm();
  describe(result, factors, problem, logs, options);
  return result;
}

}  // namespace titan::cost
