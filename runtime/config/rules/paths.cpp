#include "runtime/config/rules/paths.h"

#include <filesystem>

#include "runtime/config/config_error.h"
#include "runtime/config/value.h"

namespace titan::config {
namespace {

namespace fs = std::filesystem;

void require_there(const char* key, const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) throw ConfigError(key, "found no file or folder " + in_quotes(path));
}

void require_folder(const char* key, const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) throw ConfigError(key, "found no folder " + in_quotes(path));
}

void check_assets(const std::string& path) {
  if (path.ends_with("tokenizer.model")) {
    throw ConfigError("model.hf_assets_path",
                      "expects the folder that `titan download` fills, found the file " + in_quotes(path));
  }
  require_folder("model.hf_assets_path", path);
}

void check_initial_load(const JobConfig& config) {
  const CheckpointSection& checkpoint = config.checkpoint;
  if (!checkpoint.enable || !checkpoint.initial_load_path || checkpoint.initial_load_path->empty()) return;
  std::error_code error;
  const bool resumes = fs::exists(fs::path(config.job.dump_folder) / checkpoint.folder, error);
  if (!resumes) require_folder("checkpoint.initial_load_path", *checkpoint.initial_load_path);
}

void check_schedule_file(const ParallelismSection& parallelism) {
  const std::string path = parallelism.pipeline_parallel_schedule_csv.value_or("");
  std::error_code error;
  if (parallelism.pipeline_parallel_degree == 1 || path.empty() || fs::is_regular_file(path, error)) return;
  throw ConfigError("parallelism.pipeline_parallel_schedule_csv",
                    "The specified path " + in_quotes(path) + " does not exist or is not a file.");
}

}  // namespace

void check_paths(const JobConfig& config) {
  check_assets(config.model.hf_assets_path);
  if (config.training.dataset_path) require_there("training.dataset_path", *config.training.dataset_path);
  if (config.validation.enable && config.validation.dataset_path) {
    require_there("validation.dataset_path", *config.validation.dataset_path);
  }
  check_initial_load(config);
  check_schedule_file(config.parallelism);
}

}  // namespace titan::config
