#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "cli/prediction.h"
#include "validate/published/rows.h"

namespace titan::cli {

/// A published row with the configuration that it ran.
class PublishedRun {
 public:
  /// Loads `configs`/<id>.toml and checks it. Throws ConfigError, also where the row needs a part that is not there
  /// yet.
  PublishedRun(const validate::PublishedRow& row, const std::filesystem::path& configs);

  const Prediction& prediction() const { return prediction_; }

 private:
  std::unique_ptr<Job> job_;
  train::ModelSpec model_;
  Prediction prediction_;
};

/// configs/published of this installation.
std::filesystem::path published_configs();
/// validate/published/rows.csv of this installation.
std::filesystem::path published_rows();
/// validate/published/claims.csv of this installation.
std::filesystem::path published_claims();

}  // namespace titan::cli
