#include "cli/job.h"

#include <cstdio>
#include <filesystem>

#include "cli/command.h"
#include "models/registry.h"
#include "runtime/config/config_error.h"
#include "runtime/config/declare.h"
#include "runtime/config/help_text.h"
#include "runtime/config/print_config.h"
#include "runtime/config/rules/paths.h"
#include "runtime/config/rules/runnable.h"
#include "runtime/config/rules/validate.h"
#include "runtime/platform/cuda_plugin.h"

namespace titan::cli {
namespace {

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const auto& spec : models::all_models()) {
    if (names.empty() || names.back() != spec.name) names.push_back(spec.name);
  }
  return names;
}

void check_cuda(const Job& job, const WorldPlan& plan) {
  if (plan.kind != WorldKind::solo) {
    throw config::ConfigError("titan.device",
                              "\"cuda\" trains on one GPU in one process so far; use cpu in this world");
  }
  if (job.config.compile.enable) {
    throw config::ConfigError("compile.enable",
                              "the fused operators have no CUDA kernels yet; use --compile.no_enable");
  }
  if (job.titan.dtype == "float64") {
    throw config::ConfigError("titan.dtype", "\"float64\" has no attention on CUDA; allowed: float32, bfloat16");
  }
}

void check_device(const Job& job, const WorldPlan& plan) {
  const std::string& device = job.titan.device;
  if (device == "cuda") check_cuda(job, plan);
  if (device == "sim" && plan.kind != WorldKind::fake) {
    throw config::ConfigError("titan.device", "\"sim\" is the device of imagined ranks; set COMM_MODE=fake_backend");
  }
}

// What ships with titan is found from any working directory.
void find_shipped_assets(config::JobConfig& config) {
  std::string& folder = config.model.hf_assets_path;
  const auto shipped = std::filesystem::path(installation_folder()) / folder;
  std::error_code error;
  if (!std::filesystem::exists(folder, error) && std::filesystem::exists(shipped, error))
    folder = shipped.lexically_normal();
}

}  // namespace

Job::Job() {
  config::declare(schema, config);
  declare(schema, titan);
  declare(schema, hardware);
  declare(schema, sim);
}

std::unique_ptr<Job> load_job(const std::vector<std::string>& arguments, const std::string& default_config,
                              const std::function<void(config::Schema&)>& declare_options) {
  auto job = std::make_unique<Job>();
  if (declare_options) declare_options(job->schema);
  job->loaded = config::load_config(job->schema, {.arguments = arguments,
                                                  .environment = config::process_environment,
                                                  .config_folder = installation_folder() + "/configs/train",
                                                  .default_config = default_config});
  find_shipped_assets(job->config);
  return job;
}

int print_help(const char* text, const std::function<void(config::Schema&)>& declare_options) {
  Job defaults;
  if (declare_options) declare_options(defaults.schema);
  std::printf("%s\n%s", text, config::help_text(defaults.schema).c_str());
  return kOk;
}

int print_config(const Job& job, const train::ModelSpec& model, int64_t world_size) {
  config::validate(job.config, {.world_size = world_size, .model = model.dims});
  std::printf("%s\n", config::config_json(job.schema).c_str());
  return kOk;
}

// A program that was copied to another machine with its tree finds the tree from its own place, build/<preset>/bin.
std::string installation_folder() {
  std::error_code error;
  if (std::filesystem::exists(TITAN_SOURCE_DIR "/configs", error)) return TITAN_SOURCE_DIR;
  return platform::program_folder().parent_path().parent_path().parent_path().string();
}

std::vector<std::string> check_rules(const Job& job, const train::ModelSpec& model, const WorldPlan& plan) {
  check_device(job, plan);
  config::validate(job.config, {.world_size = plan.world.size, .model = model.dims});
  const auto kind = plan.kind == WorldKind::fake ? config::RunKind::kImagined : config::RunKind::kReal;
  return config::check_runnable(job.config, kind, model_names());
}

std::vector<std::string> check_job(const Job& job, const train::ModelSpec& model, const WorldPlan& plan) {
  auto notices = check_rules(job, model, plan);
  config::check_paths(job.config);
  return notices;
}

}  // namespace titan::cli
