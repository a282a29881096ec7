#include "runtime/config/rules/python_keys.h"

#include "runtime/config/config_error.h"
#include "runtime/config/declare.h"

namespace titan::config {
namespace {

enum class Verdict { kRefused, kWithoutEffect };

struct PythonKey {
  std::string_view key;  // a trailing * stands for every key of a table
  Verdict verdict;
  std::string_view answer;
};

constexpr PythonKey kPythonKeys[] = {
    {"experimental.custom_import", Verdict::kRefused,
     "titan imports no Python modules; add a model or data set in C++"},
    {"experimental.custom_args_module", Verdict::kRefused, "titan imports no Python modules; declare keys in C++"},
    {"training.gc_freq", Verdict::kWithoutEffect, "there is no garbage collector"},
    {"training.gc_debug", Verdict::kWithoutEffect, "there is no garbage collector"},
    {"training.dataloader.*", Verdict::kWithoutEffect, "titan reads and tokenises in the background by itself"},
    {"validation.dataloader.*", Verdict::kWithoutEffect, "titan reads and tokenises in the background by itself"},
    {"compile.backend", Verdict::kWithoutEffect, "compile.enable selects titan's own fused operators"},
    {"activation_checkpoint.early_stop", Verdict::kWithoutEffect, "it is an option of Python's checkpoint wrapper"},
    {"activation_checkpoint.preserve_rng_state", Verdict::kWithoutEffect,
     "the models draw no random numbers in a step"},
    {"activation_checkpoint.determinism_check", Verdict::kWithoutEffect,
     "it is an option of Python's checkpoint wrapper"},
    {"activation_checkpoint.debug", Verdict::kWithoutEffect, "it is an option of Python's checkpoint wrapper"},
    {"quantize.linear.mx.mxfp8_dim1_cast_kernel_choice", Verdict::kWithoutEffect, "titan has one kernel"},
    {"comm.trace_buf_size", Verdict::kWithoutEffect, "the flight recorder is part of Python's NCCL backend"},
    {"comm.save_traces_folder", Verdict::kWithoutEffect, "the flight recorder is part of Python's NCCL backend"},
    {"comm.save_traces_file_prefix", Verdict::kWithoutEffect, "the flight recorder is part of Python's NCCL backend"},
    {"memory_estimation.*", Verdict::kWithoutEffect, "run `titan estimate`"},
};

// Modules whose keys are part of the schema here.
constexpr std::string_view kBuiltInModules[] = {"torchtitan.components.ft.config", "torchtitan.models.flux.job_config"};

bool matches(std::string_view pattern, std::string_view key) {
  return pattern.ends_with('*') ? key.starts_with(pattern.substr(0, pattern.size() - 1)) : key == pattern;
}

const PythonKey* find_python_key(std::string_view key) {
  for (const auto& entry : kPythonKeys) {
    if (matches(entry.key, key)) return &entry;
  }
  return nullptr;
}

/// Calls `visit(field, entry)` for each Python key that differs from its default.
template <class Visit>
void for_each_changed(const JobConfig& config, Visit visit) {
  JobConfig defaults;
  JobConfig copy = config;
  Schema expected, actual;
  declare(expected, defaults);
  declare(actual, copy);
  for (const auto& section : actual.sections()) {
    for (const auto& field : section.fields()) {
      const PythonKey* entry = find_python_key(field.key());
      if (entry && !(field.value() == expected.find(field.key())->value())) visit(field, *entry);
    }
  }
}

void check_config_module(const std::string& module) {
  if (module.empty()) return;
  for (std::string_view known : kBuiltInModules) {
    if (module == known) return;
  }
  throw ConfigError("job.custom_config_module",
                    "titan imports no Python modules; allowed: " + std::string(kBuiltInModules[0]) + ", " +
                        std::string(kBuiltInModules[1]) + " (their keys are built in); found " + in_quotes(module));
}

}  // namespace

void refuse_python_keys(const JobConfig& config) {
  check_config_module(config.job.custom_config_module);
  for_each_changed(config, [](const Field& field, const PythonKey& entry) {
    if (entry.verdict != Verdict::kRefused) return;
    throw ConfigError(field.key(), std::string(entry.answer) + "; found " + found_text(field.value()));
  });
}

std::vector<std::string> python_key_notices(const JobConfig& config) {
  std::vector<std::string> notices;
  for_each_changed(config, [&notices](const Field& field, const PythonKey& entry) {
    if (entry.verdict == Verdict::kRefused) return;
    notices.push_back(field.key() + ": has no effect: " + std::string(entry.answer));
  });
  return notices;
}

}  // namespace titan::config
