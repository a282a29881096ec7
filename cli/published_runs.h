#pragma once

#include <filesystem>
#include <memory>

#include "cli/prediction.h"

namespace titan::cli {

/// The configuration that a published row ran, ready to be predicted.
class PublishedRun {
 public:
  /// Checks the configuration. Throws ConfigError, also where it needs a part that is not there yet.
  explicit PublishedRun(std::unique_ptr<Job> job);
  PublishedRun(const PublishedRun&) = delete;
  PublishedRun& operator=(const PublishedRun&) = delete;

  const Prediction& prediction() const { return prediction_; }

 private:
  std::unique_ptr<Job> job_;
  train::ModelSpec model_;
  Prediction prediction_;
};

/// Loads a row's configuration. Throws ConfigError for a file that is missing or wrong.
std::unique_ptr<Job> load_published_job(const std::filesystem::path& file);

/// configs/published of this installation.
std::filesystem::path published_configs();
/// validate/published/rows.csv of this installation.
std::filesystem::path published_rows();
/// validate/published/claims.csv of this installation.
std::filesystem::path published_claims();

}  // namespace titan::cli
