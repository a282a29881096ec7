#include "cli/calibrate_command.h"

#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>

#include "cli/command.h"
#include "cli/published_runs.h"
#include "estimator/calibrate/calibrate.h"
#include "runtime/config/config_error.h"

namespace titan::cli {
namespace {

using Arguments = std::vector<std::string>;

constexpr const char* kCalibrateHelp =
    "usage: titan calibrate --fit ROWS.csv\n\n"
    "Fits the free factors of hardware files (calibration.free) to measured training\n"
    "runs and prints them with the errors of all rows, of rows left out one at a time\n"
    "and of tables left out one at a time. Nothing is written: put the values into\n"
    "the hardware file. ROWS.csv has the columns of validate/published/rows.csv; a\n"
    "row's configuration is <id>.toml beside it, or configs/published/<id>.toml.\n"
    "Rows that need parts that are not there yet are left out.\n\n"
    "Exit status: 0; 1 if a fit is not to be used; 2 for a file that cannot be read.\n";

std::filesystem::path configs_of(const std::filesystem::path& rows, const std::string& id) {
  std::error_code error;
  const auto beside = rows.parent_path();
  return std::filesystem::exists(beside / (id + ".toml"), error) ? beside : published_configs();
}

std::optional<estimator::MeasuredRun> load_run(const validate::PublishedRow& row, const std::filesystem::path& file) {
  if (!row.tokens_per_second_per_gpu) return std::nullopt;
  try {
    const PublishedRun run(row, configs_of(file, row.id));
    return estimator::MeasuredRun{.id = row.id,
                                  .table = row.table,
                                  .recording = estimator::record(run.prediction().request()),
                                  .machine = run.prediction().machine(),
                                  .tokens_per_second_per_gpu = row.tokens_per_second_per_gpu->value};
  } catch (const config::ConfigError& error) {
    std::fprintf(stderr, "left out: %s: %s\n", row.id.c_str(), error.what());
    return std::nullopt;
  }
}

std::string file_argument(const Arguments& arguments) {
  const bool joined = arguments.size() == 1 && arguments[0].starts_with("--fit=");
  if (joined) return arguments[0].substr(6);
  if (arguments.size() == 2 && arguments[0] == "--fit") return arguments[1];
  throw config::ConfigError("titan calibrate", "expects --fit ROWS.csv (titan calibrate --help)");
}

}  // namespace

int calibrate_command(const Arguments& arguments) {
  if (asks_for_help(arguments)) {
    std::printf("%s", kCalibrateHelp);
    return kOk;
  }
  const std::filesystem::path file = file_argument(arguments);
  std::map<std::string, std::vector<estimator::MeasuredRun>> by_hardware;
  for (const auto& row : validate::read_rows(file)) {
    if (auto run = load_run(row, file)) by_hardware[run->machine.gpu.file.string()].push_back(std::move(*run));
  }
  if (by_hardware.empty()) throw config::ConfigError(file.string(), "has no row with a speed that can be predicted");
  bool usable = true;
  for (const auto& [hardware, runs] : by_hardware) {
    const auto fit = estimator::calibrate(runs);
    std::printf("%s", estimator::calibration_text(fit, runs).c_str());
    usable = usable && fit.fit.problems().empty();
  }
  return usable ? kOk : kFailed;
}

}  // namespace titan::cli
