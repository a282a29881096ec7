#include "cli/calibrate_command.h"

#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>

#include "cli/command.h"
#include "cli/progress.h"
#include "cli/published_runs.h"
#include "cli/repeated_option.h"
#include "estimator/calibrate/calibrate.h"
#include "runtime/config/config_error.h"
#include "runtime/config/value.h"
#include "validate/published/rows.h"

namespace titan::cli {
namespace {

using Arguments = std::vector<std::string>;
namespace fs = std::filesystem;

constexpr const char* kCalibrateHelp =
    "usage: titan calibrate --fit ROWS.csv\n\n"
    "Fits the free factors of hardware files (calibration.free) to measured training\n"
    "runs and prints them with the errors of all rows, of rows left out one at a time\n"
    "and of tables left out one at a time. Nothing is written: put the values into\n"
    "the hardware file. ROWS.csv has the columns of validate/published/rows.csv; a\n"
    "row's configuration is <id>.toml beside it, or configs/published/<id>.toml.\n"
    "Rows without a speed do not count; rows that need parts that are not there yet\n"
    "are left out. Without --fit: measuring operators on a GPU is not there yet.\n\n"
    "Exit status: 0; 1 if a fit is not to be used; 2 for a file that cannot be read.\n";

/// A row with a measured speed and its configuration.
struct Row {
  validate::PublishedRow published;
  std::unique_ptr<Job> job;
};

fs::path config_of(const std::string& id, const fs::path& rows) {
  const auto beside = rows.parent_path() / (id + ".toml"), shipped = published_configs() / (id + ".toml");
  std::error_code error;
  if (fs::exists(beside, error)) return beside;
  if (fs::exists(shipped, error)) return shipped;
  throw config::ConfigError(rows, "the row " + config::in_quotes(id) + " has no configuration: found neither '" +
                                      beside.string() + "' nor '" + shipped.string() + "'");
}

/// The rows with a speed. A row without a configuration, or with a wrong one, is found before anything takes time.
std::vector<Row> load_rows(const fs::path& file) {
  std::vector<Row> rows;
  for (const auto& row : validate::read_rows(file)) {
    if (row.tokens_per_second_per_gpu) rows.push_back({row, load_published_job(config_of(row.id, file))});
  }
  return rows;
}

std::unique_ptr<PublishedRun> expressible(Row& row) {
  try {
    return std::make_unique<PublishedRun>(std::move(row.job));
  } catch (const config::ConfigError& error) {
    std::fprintf(stderr, "left out: %s: %s\n", row.published.id.c_str(), error.what());
    return nullptr;
  }
}

using RunsByHardware = std::map<std::string, std::vector<estimator::MeasuredRun>>;

RunsByHardware record_all(std::vector<Row> rows, Progress& progress) {
  RunsByHardware by_hardware;
  for (size_t i = 0; i < rows.size(); ++i) {
    auto& row = rows[i].published;
    const auto run = expressible(rows[i]);
    if (!run) continue;
    progress.say("recording " + row.id + " (" + std::to_string(i + 1) + " of " + std::to_string(rows.size()) + ")");
    const auto& machine = run->prediction().machine();
    by_hardware[machine.gpu.file.string()].push_back(
        {.id = row.id,
         .table = row.table,
         .recording = estimator::record(run->prediction().request()),
         .machine = machine,
         .tokens_per_second_per_gpu = row.tokens_per_second_per_gpu->value});
  }
  return by_hardware;
}

fs::path file_argument(Arguments arguments) {
  const auto file = take_one(arguments, "fit");
  if (!arguments.empty()) {
    throw config::ConfigError(arguments.front(), "is no option of calibrate; allowed is --fit ROWS.csv");
  }
  if (!file) {
    throw config::ConfigError("titan calibrate",
                              "measuring operators on a GPU is not there yet; fit to measured runs with --fit ROWS.csv "
                              "(titan calibrate --help)");
  }
  return *file;
}

}  // namespace

int calibrate_command(const Arguments& arguments) {
  if (asks_for_help(arguments)) {
    std::printf("%s", kCalibrateHelp);
    return kOk;
  }
  const auto file = file_argument(arguments);
  Progress progress("titan calibrate");
  const auto by_hardware = record_all(load_rows(file), progress);
  if (by_hardware.empty()) throw config::ConfigError(file, "has no row with a speed that can be predicted");
  std::string text;
  bool usable = true;
  for (const auto& [hardware, runs] : by_hardware) {
    const auto name = fs::path(hardware).filename().string();
    const auto fit = estimator::calibrate(
        runs, [&](int trial) { progress.say("fitting " + name + ": trial " + std::to_string(trial)); });
    text += estimator::calibration_text(fit, runs);
    usable = usable && fit.fit.problems().empty();
  }
  std::printf("%s", text.c_str());
  return usable ? kOk : kFailed;
}

}  // namespace titan::cli
