#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/own_sections.h"
#include "cli/world.h"
#include "runtime/config/job_config.h"
#include "runtime/config/load_config.h"
#include "runtime/config/schema.h"
#include "runtime/data/dataset.h"
#include "runtime/data/tokenizer/tokenizer.h"
#include "runtime/train/model_spec.h"

namespace titan::cli {

/// A command's configuration: the values, the schema bound to them and where each came from.
struct Job {
  config::JobConfig config;
  TitanSection titan;
  HardwareSection hardware;
  SimSection sim;
  config::Schema schema;  // bound to the members above
  config::LoadedConfig loaded;

  Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
};

/// Loads the configuration of a command: defaults, TOML file, environment, command line. `default_config`: the shipped
/// file that is read when none is named; empty: the schema's defaults. `declare_options` adds the command's own
/// options. Throws ConfigError.
std::unique_ptr<Job> load_job(const std::vector<std::string>& arguments, const std::string& default_config,
                              const std::function<void(config::Schema&)>& declare_options = {});

/// Prints a command's help: its own text, then every key. `declare_options` as for load_job. Returns the exit status.
int print_help(const char* text, const std::function<void(config::Schema&)>& declare_options = {});

/// Answers job.print_config: checks the rules between keys for `world_size` ranks and prints the configuration as JSON.
/// Returns the exit status. Throws ConfigError.
int print_config(const Job& job, const train::ModelSpec& model, int64_t world_size);

/// The folder that holds configs/ and tests/assets/: the source tree this program was built from, or, where that is
/// gone, the one that it lies in.
std::string installation_folder();

/// What a real run opens, opened once for all ranks of a process.
struct RunInputs {
  std::shared_ptr<const tokenizer::Tokenizer> tokens;
  data::Dataset dataset;
};

/// Refuses a microbatch that this machine's memory does not hold: one of which not even one activation of one block
/// fits. Throws ConfigError.
void check_fits(const Job& job, const train::ModelSpec& model);

/// Opens tokenizer and data set and makes the dump folder. Throws ConfigError, also for a step too large for this
/// machine's memory.
RunInputs open_inputs(const Job& job, const train::ModelSpec& model);

/// Checks all rules between keys for the plan's world. Opens nothing. Throws ConfigError. Returns notices, one line
/// each.
std::vector<std::string> check_rules(const Job& job, const train::ModelSpec& model, const WorldPlan& plan);

/// The same, and that what the run opens is there.
std::vector<std::string> check_job(const Job& job, const train::ModelSpec& model, const WorldPlan& plan);

}  // namespace titan::cli
