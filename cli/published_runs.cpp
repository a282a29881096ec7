#include "cli/published_runs.h"

#include "models/registry.h"

namespace titan::cli {

PublishedRun::PublishedRun(const validate::PublishedRow& row, const std::filesystem::path& configs)
    : job_(load_job({"--config", (configs / (row.id + ".toml")).string()}, "")),
      model_(models::find_model(job_->config.model.name, job_->config.model.flavor)),
      prediction_(*job_, model_, job_->hardware.num_gpus.value_or(num_imagined_ranks(*job_))) {}

std::filesystem::path published_configs() { return std::filesystem::path(installation_folder()) / "configs/published"; }

std::filesystem::path published_rows() {
  return std::filesystem::path(installation_folder()) / "validate/published/rows.csv";
}

std::filesystem::path published_claims() {
  return std::filesystem::path(installation_folder()) / "validate/published/claims.csv";
}

}  // namespace titan::cli
