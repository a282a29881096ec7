#include "cli/published_command.h"

#include <algorithm>
#include <cstdio>

#include "cli/command.h"
#include "cli/progress.h"
#include "cli/published_runs.h"
#include "cli/repeated_option.h"
#include "estimator/analytic.h"
#include "estimator/hardware/units.h"
#include "estimator/simulate/simulate.h"
#include "runtime/config/config_error.h"
#include "runtime/config/nearest.h"
#include "validate/published/claims.h"
#include "validate/published/comparison.h"
#include "validate/published/rows.h"

namespace titan::cli {
namespace {

using Arguments = std::vector<std::string>;

constexpr const char* kPublishedHelp =
    "usage: titan validate published [ROW or TABLE]...\n\n"
    "Predicts the published rows of validate/published/rows.csv that can be expressed\n"
    "(configs/published/<row>.toml) and compares: tokens per second and GPU, peak of\n"
    "reserved memory, and whether it fits. Errors count outside the rounding of the\n"
    "published figures. Rows that need parts that are not there yet are listed with\n"
    "what they need.\n\n"
    "Exit status: 0; 2 for an unknown row.\n";

/// The A100 table counts the embedding's parameters too.
double mfu(const validate::PublishedRow& row, const Prediction& prediction, const estimator::Estimate& estimate) {
  if (row.table != "a100") return estimate.mfu_percent;
  const auto request = prediction.request();
  return estimator::mfu_percent(
      estimator::a100_table_flops_per_token(request.model.dims, request.config.training.seq_len),
      estimate.tokens_per_second_per_gpu, request.machine.gpu.peak.bfloat16_tflops * hardware::kTera);
}

validate::RowResult predict_row(const validate::PublishedRow& row) {
  validate::RowResult result{.row = row, .predicted = {}, .mfu_percent = {}, .not_expressible = {}};
  try {
    const PublishedRun run(load_published_job(published_configs() / (row.id + ".toml")));
    result.predicted = estimator::simulate(run.prediction().request());
    result.mfu_percent = mfu(row, run.prediction(), *result.predicted);
  } catch (const config::ConfigError& error) {
    result.not_expressible = error.what();
  }
  return result;
}

bool is_wanted(const validate::PublishedRow& row, const Arguments& names) {
  return names.empty() || std::any_of(names.begin(), names.end(),
                                      [&](const std::string& name) { return name == row.id || name == row.table; });
}

void check_names(const std::vector<validate::PublishedRow>& rows, const Arguments& names) {
  refuse_options(names, "validate published", "it takes rows and tables only");
  for (const auto& name : names) {
    const bool known = std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return is_wanted(row, {name}); });
    if (known) continue;
    Arguments ids;
    for (const auto& row : rows) ids.push_back(row.id);
    throw config::ConfigError(name.empty() ? "''" : name,
                              "is no published row or table" + config::did_you_mean(name, ids));
  }
}

}  // namespace

int published_command(const Arguments& arguments) {
  if (asks_for_help(arguments)) {
    std::printf("%s", kPublishedHelp);
    return kOk;
  }
  const auto rows = validate::read_rows(published_rows());
  check_names(rows, arguments);
  std::vector<validate::RowResult> results;
  Progress progress("titan validate published");
  for (const auto& row : rows) {
    if (!is_wanted(row, arguments)) continue;
    progress.say("predicting " + row.id);
    results.push_back(predict_row(row));
  }
  std::printf("%s", validate::comparison_text(results).c_str());
  if (arguments.empty()) {
    std::printf("%s", validate::claims_text(validate::read_claims(published_claims()), results).c_str());
  }
  return kOk;
}

}  // namespace titan::cli
