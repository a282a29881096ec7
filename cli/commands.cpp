#include <algorithm>
#include <iostream>

#include "cli/calibrate_command.h"
#include "cli/command.h"
#include "cli/diff_command.h"
#include "cli/estimate_command.h"
#include "cli/job.h"
#include "cli/launch_command.h"
#include "cli/models_command.h"
#include "cli/schedule_command.h"
#include "cli/tokenizer_command.h"
#include "cli/train_command.h"
#include "cli/validate_command.h"

namespace titan::cli {
namespace {

int run_tokenizer(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {"tokenizer"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return tokenizer_command(static_cast<int>(words.size()), argv.data());
}

int run_models(const std::vector<std::string>& arguments) {
  ModelsOptions options;
  const auto job = load_job(arguments, "", [&options](config::Schema& schema) {
    schema.section("").field("json", options.json, "print one JSON array");
  });
  options.seq_len = job->config.training.seq_len;
  print_models(options, std::cout);
  return kOk;
}

}  // namespace

bool asks_for_help(const std::vector<std::string>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(),
                     [](const auto& one) { return one == "--help" || one == "-h"; });
}

const std::vector<Command>& commands() {
  static const std::vector<Command> kCommands = {
      {"train", "trains a model; without arguments a small one on the shipped text", train_command},
      {"estimate", "predicts memory and tokens per second without a GPU", estimate_command},
      {"diff", "compares two estimates: what changed in time and memory", diff_command},
      {"calibrate", "fits the free factors of hardware files to measured runs", calibrate_command},
      {"launch", "starts local processes: titan launch --nproc N -- train ...", launch_command},
      {"models", "lists models with parameter counts and FLOPs per token", run_models},
      {"schedule", "draws a pipeline schedule: who computes what when, bubble and memory", schedule_command},
      {"tokenizer", "trains, inspects and tries tokenizers", run_tokenizer},
      {"validate", "finds where a composition leaves its one-rank reference", validate_command},
  };
  return kCommands;
}

}  // namespace titan::cli
