#include <algorithm>
#include <cmath>
#include <cstdio>

#include "estimator/calibrate/calibrate.h"

namespace titan::estimator {
namespace {

template <class... Args>
std::string line(const char* pattern, Args... args) {
  char text[256];
  std::snprintf(text, sizeof text, pattern, args...);
  return std::string(text) + "\n";
}

double mean_absolute(const std::vector<double>& errors) {
  double sum = 0.0;
  for (const double error : errors) sum += std::abs(error);
  return sum / static_cast<double>(errors.size());
}

double worst_absolute(const std::vector<double>& errors) {
  double worst = 0.0;
  for (const double error : errors) worst = std::max(worst, std::abs(error));
  return worst;
}

std::string errors_line(const char* what, const std::vector<double>& errors) {
  return line("  %-34s mean %5.1f %%   worst %5.1f %%", what, 100 * mean_absolute(errors),
              100 * worst_absolute(errors));
}

std::string left_out_line(const char* what, const std::vector<cost::LeftOut>& groups) {
  std::vector<double> errors;
  for (const auto& group : groups) errors.insert(errors.end(), group.residuals.begin(), group.residuals.end());
  return errors.empty() ? "" : errors_line(what, errors);
}

}  // namespace

std::string calibration_text(const CalibrationFit& fit, const std::vector<MeasuredRun>& runs) {
  std::string text = fit.hardware + ": " + std::to_string(runs.size()) + " measured rows\n";
  for (const auto& factor : fit.fit.factors) {
    text += line("  %-34s %.4f +- %.1f %%", factor.name.c_str(), factor.value, 100 * factor.relative_sd);
  }
  text += errors_line("errors as the file is", fit.before) + errors_line("errors fitted", fit.after) +
          left_out_line("errors of a row left out", fit.left_out_rows) +
          left_out_line("errors of a table left out", fit.left_out_tables);
  for (size_t i = 0; i < runs.size(); ++i) {
    text += line("    %-32s %+6.1f %%  ->  %+6.1f %%", runs[i].id.c_str(), 100 * std::expm1(fit.before[i]),
                 100 * std::expm1(fit.after[i]));
  }
  for (const auto& problem : fit.fit.problems()) text += "  not to be used: " + problem + "\n";
  return text;
}

}  // namespace titan::estimator
