#include "models/registry.h"

#include <algorithm>
#include <numeric>

#include "models/llama3/model.h"
#include "runtime/config/config_error.h"

namespace titan::models {
namespace {

/// The table: one line per model.
constexpr MakeSpecs kModels[] = {
    llama3::llama2_specs,
    llama3::llama3_specs,
};

/// Counts the insertions, deletions and replacements of letters that turn `a` into `b`.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

/// Throws, naming the closest of `valid` and all of them.
[[noreturn]] void refuse(const std::string& key, const std::string& found, const std::vector<std::string>& valid) {
  const auto nearest = std::min_element(valid.begin(), valid.end(), [&](const auto& a, const auto& b) {
    return edit_distance(a, found) < edit_distance(b, found);
  });
  std::string list;
  for (const auto& name : valid) list += (list.empty() ? "" : ", ") + name;
  throw config::ConfigError(key, "'" + found + "' is not registered; did you mean '" + *nearest + "'? (" + list + ")");
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
