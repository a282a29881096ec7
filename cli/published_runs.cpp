#include "cli/published_runs.h"

#include "models/registry.h"

namespace titan::cli {

PublishedRun::PublishedRun(std::unique_ptr<Job> job)
    : job_(std::move(job)),
      model_(models::find_model(job_->config.model.name, job_->config.model.flavor)),
      prediction_(*job_, model_, job_->hardware.num_gpus.value_or(num_imagined_ranks(*job_))) {}

std::unique_ptr<Job> load_published_job(const std::filesystem::path& file) {
  return load_job({"--config", file.string()}, "");
}

std::filesystem::path published_configs() { return std::filesystem::path(installation_folder()) / "configs/published"; }

std::filesystem::path published_rows() {
  return std::filesystem::path(installation_folder()) / "validate/published/rows.csv";
}

std::filesystem::path published_claims() {
  return std::filesystem::path(installation_folder()) / "validate/published/claims.csv";
}

}  // namespace titan::cli
