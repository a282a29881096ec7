#include "cli/gpu_command.h"

#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>

#include "cli/command.h"
#include "cli/gpu_measurement.h"
#include "cli/output_path.h"
#include "cli/own_child.h"
#include "cli/repeated_option.h"
#include "estimator/hardware/machine.h"
#include "estimator/report/json.h"
#include "runtime/config/config_error.h"
#include "runtime/config/field.h"
#include "runtime/files/write_file.h"
#include "validate/gpu/configurations.h"

namespace titan::cli {
namespace {

using Arguments = std::vector<std::string>;
namespace fs = std::filesystem;

constexpr const char* kGpuHelp =
    "usage: titan validate gpu [--hardware H] [--json FILE] [--steps N]\n"
    "                          [--tolerance SHARE] [CONFIGURATION]...\n\n"
    "Predicts the steps of validate/gpu/configurations.csv as `titan estimate` does,\n"
    "trains them on the first GPU with made-up tokens, and compares allocated,\n"
    "reserved and device memory and the time of a step. Each prediction and each run\n"
    "is a process of its own.\n\n"
    "options:\n"
    "  --hardware H     hardware file that describes the GPU, or the name of a\n"
    "                   shipped one; default h100_sxm_80gb\n"
    "  --json FILE      the comparison as JSON\n"
    "  --steps N        steps in each of the three blocks that are timed; default 8\n"
    "  --tolerance SHARE  how far a figure may be off; default 0.15\n"
    "  --measure NAME   runs one configuration in this process, predicts nothing and\n"
    "                   writes what was measured to the file that --json names\n\n"
    "Exit status: 0; 1 without a GPU, where a configuration could not be predicted or\n"
    "run, or where a prediction is off by more than the tolerance or wrong on fitting;\n"
    "2 for wrong arguments.\n";

struct GpuOptions {
  std::string hardware = hardware::MachineNames().hardware;
  std::optional<std::string> json, measure;
  int64_t block_steps = 8;
  double tolerance = 0.15;
  Arguments names;
};

int64_t parse_steps(const std::string& text) {
  int64_t steps = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), steps);
  if (error != std::errc() || end != text.data() + text.size() || steps < 1) {
    throw config::ConfigError("--steps", "must be an integer of at least 1, found '" + text + "'");
  }
  return steps;
}

GpuOptions parse(Arguments arguments) {
  GpuOptions options;
  options.hardware = take_one(arguments, "hardware").value_or(options.hardware);
  options.json = take_one(arguments, "json");
  options.measure = take_one(arguments, "measure");
  if (const auto steps = take_one(arguments, "steps")) options.block_steps = parse_steps(*steps);
  if (const auto share = take_one(arguments, "tolerance")) {
    const config::Field field("--tolerance", &options.tolerance, "", {.minimum = 0});
    field.assign(field.read_text(*share));
  }
  refuse_options(arguments, "validate gpu", "allowed are --hardware, --json, --steps, --tolerance, --measure");
  options.names = std::move(arguments);
  if (options.measure && !options.json) throw config::ConfigError("--measure", "needs --json FILE to write to");
  if (options.json) check_output_path("json", *options.json);
  return options;
}

std::vector<validate::GpuConfiguration> select(const Arguments& names) {
  const auto table = fs::path(installation_folder()) / "validate/gpu/configurations.csv";
  return validate::select_gpu_configurations(validate::read_gpu_configurations(table), names);
}

/// The plugin, if it sees a GPU; else says in one line why there is none.
platform::CudaPlugin* find_gpu() {
  try {
    auto& plugin = platform::load_cuda_plugin(platform::program_folder());
    if (plugin.num_devices() > 0) return &plugin;
    std::fprintf(stderr, "titan validate gpu: no GPU was found: %s\n", plugin.why_no_device().c_str());
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "titan validate gpu: no GPU was found: %s\n", error.what());
  }
  return nullptr;
}

/// A folder for the files that children leave, removed with everything in it.
class ExchangeFolder {
 public:
  ExchangeFolder() {
    std::string name = (fs::temp_directory_path() / "titan_gpu_XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("validate gpu: cannot make " + name);
    path_ = name;
  }
  ExchangeFolder(const ExchangeFolder&) = delete;
  ExchangeFolder& operator=(const ExchangeFolder&) = delete;
  ~ExchangeFolder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string failure(const std::string& what, const ChildOutcome& outcome) {
  return what + " " + outcome.exit.text() + (outcome.error.empty() ? "" : ": " + outcome.error);
}

void predict(const validate::GpuConfiguration& configuration, const std::string& hardware, const fs::path& folder,
             validate::GpuResult& result) {
  const auto file = folder / (configuration.name + ".predicted.json");
  Arguments arguments = {"estimate", "--gpus", "1", "--hardware", hardware, "--json", file.string()};
  arguments.insert(arguments.end(), configuration.arguments.begin(), configuration.arguments.end());
  const auto outcome = run_own_child(arguments, folder);
  if (outcome.exit.status != kOk && outcome.exit.status != kDoesNotFit) {
    result.failure = failure("the prediction", outcome);
    return;
  }
  result.predicted = validate::figures_of(estimator::read_estimate(file));
}

void measure(const validate::GpuConfiguration& configuration, int64_t block_steps, const fs::path& folder,
             validate::GpuResult& result) {
  const auto file = folder / (configuration.name + ".measured.json");
  const auto outcome = run_own_child({"validate", "gpu", "--measure", configuration.name, "--json", file.string(),
                                      "--steps", std::to_string(block_steps)},
                                     folder);
  if (outcome.exit.failed()) {
    result.failure = failure("the run", outcome);
    return;
  }
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  result.measured = validate::measurement_from_json(text.str(), file.string());
}

int measure_here(const GpuOptions& options) {
  const auto configuration = select({*options.measure}).front();
  platform::CudaPlugin* plugin = find_gpu();
  if (!plugin) return kFailed;
  const auto job = load_job(configuration.arguments, "");
  files::write_file(*options.json, validate::to_json(measure_on_gpu(*job, *plugin, options.block_steps)));
  return kOk;
}

int compare(const GpuOptions& options) {
  const auto configurations = select(options.names);
  hardware::load_machine({.hardware = options.hardware}, installation_folder() + "/configs");  // refuses a wrong name
  if (!find_gpu()) return kFailed;
  const ExchangeFolder folder;
  std::vector<validate::GpuResult> results;
  bool all = true;
  for (const auto& configuration : configurations) {
    auto& result = results.emplace_back(validate::GpuResult{.name = configuration.name});
    std::fprintf(stderr, "%zu of %zu: %s\n", results.size(), configurations.size(), result.name.c_str());
    predict(configuration, options.hardware, folder.path(), result);
    if (result.predicted) measure(configuration, options.block_steps, folder.path(), result);
    all = all && result.failure.empty();
  }
  for (const auto& result : results) {
    if (!result.measured) continue;
    std::printf("%s, predicted with %s\n\n", result.measured->gpu.c_str(), options.hardware.c_str());
    break;
  }
  std::printf("%s", validate::comparison_text(results).c_str());
  const auto beyond = validate::beyond(results, options.tolerance);
  if (!beyond.empty()) std::printf("\nbeyond the tolerance of %g %%:\n", 100 * options.tolerance);
  for (const auto& line : beyond) std::printf("  %s\n", line.c_str());
  if (options.json) files::write_file(*options.json, validate::comparison_json(results, options.hardware));
  return all && beyond.empty() ? kOk : kFailed;
}

}  // namespace

int gpu_command(const Arguments& arguments) {
  if (asks_for_help(arguments)) {
    std::printf("%s", kGpuHelp);
    return kOk;
  }
  const GpuOptions options = parse(arguments);
  return options.measure ? measure_here(options) : compare(options);
}

}  // namespace titan::cli
