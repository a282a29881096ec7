#include <unistd.h>

#include <filesystem>

#include "cli/job.h"
#include "runtime/config/config_error.h"
#include "runtime/platform/host_memory.h"

namespace titan::cli {
namespace {

std::shared_ptr<const tokenizer::Tokenizer> load_tokenizer(const Job& job, const train::ModelSpec& model) {
  auto tokens =
      std::make_shared<const tokenizer::Tokenizer>(tokenizer::Tokenizer::load(job.config.model.hf_assets_path));
  if (tokens->vocab_size() > model.dims.vocab_size) {
    throw config::ConfigError("model.hf_assets_path", "the tokenizer has ids up to " +
                                                          std::to_string(tokens->vocab_size() - 1) +
                                                          " but the model's vocabulary has " +
                                                          std::to_string(model.dims.vocab_size) + " entries");
  }
  return tokens;
}

data::Dataset find_dataset(const Job& job) {
  data::DatasetOptions options{.name = job.config.training.dataset, .installation = installation_folder()};
  if (job.config.training.dataset_path) options.path = *job.config.training.dataset_path;
  return data::find_dataset(options);
}

void make_dump_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || access(folder.c_str(), W_OK) != 0) {
    throw config::ConfigError("job.dump_folder",
                              "cannot write to '" + folder + "'" + (error ? ": " + error.message() : ""));
  }
}

}  // namespace

void check_fits(const Job& job, const train::ModelSpec& model) {
  const auto& training = job.config.training;
  const double num_bytes = 2.0 * static_cast<double>(training.local_batch_size) *
                           static_cast<double>(training.seq_len) * static_cast<double>(model.dims.dim);
  const auto capacity = static_cast<double>(platform::host_memory_bytes());
  if (num_bytes <= capacity) return;
  throw config::ConfigError(
      training.local_batch_size > training.seq_len ? "training.local_batch_size" : "training.seq_len",
      "one activation of " + std::to_string(training.local_batch_size) + " x " + std::to_string(training.seq_len) +
          " tokens takes " + std::to_string(static_cast<int64_t>(num_bytes / (1 << 30))) + " GiB, this machine has " +
          std::to_string(static_cast<int64_t>(capacity / (1 << 30))) + " GiB");
}

RunInputs open_inputs(const Job& job, const train::ModelSpec& model) {
  check_fits(job, model);
  RunInputs inputs{.tokens = load_tokenizer(job, model), .dataset = find_dataset(job)};
  make_dump_folder(job.config.job.dump_folder);
  return inputs;
}

}  // namespace titan::cli
