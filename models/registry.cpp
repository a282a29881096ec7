#include "models/registry.h"

#include "models/llama3/model.h"
#include "runtime/config/config_error.h"
#include "runtime/config/nearest.h"

namespace titan::models {
namespace {

/// The table: one line per model.
constexpr MakeSpecs kModels[] = {
    llama3::llama2_specs,
    llama3::llama3_specs,
};

/// Throws, naming all of `valid` and the nearest.
[[noreturn]] void refuse(const std::string& key, const std::string& found, const std::vector<std::string>& valid) {
  std::string list;
  for (const auto& name : valid) list += (list.empty() ? "" : ", ") + name;
  throw config::ConfigError(key,
                            "'" + found + "' is not registered (" + list + ")" + config::did_you_mean(found, valid));
}

}  // namespace

std::vector<train::ModelSpec> list_models(std::span<const MakeSpecs> table) {
  std::vector<train::ModelSpec> all;
  for (const auto make_specs : table) {
    for (auto& spec : make_specs()) all.push_back(std::move(spec));
  }
  return all;
}

std::vector<train::ModelSpec> all_models() { return list_models(kModels); }

train::ModelSpec find_model(const std::vector<train::ModelSpec>& models, const std::string& name,
                            const std::string& flavor) {
  std::vector<std::string> names, flavors;
  for (const auto& spec : models) {
    if (spec.name == name && spec.flavor == flavor) return spec;
    if (spec.name == name) flavors.push_back(spec.flavor);
    if (names.empty() || names.back() != spec.name) names.push_back(spec.name);
  }
  if (flavors.empty()) refuse("model.name", name, names);
  refuse("model.flavor", flavor, flavors);
}

train::ModelSpec find_model(const std::string& name, const std::string& flavor) {
  return find_model(all_models(), name, flavor);
}

}  // namespace titan::models
