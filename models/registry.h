#pragma once

#include <span>
#include <string>
#include <vector>

#include "runtime/train/model_spec.h"

namespace titan::models {

/// Describes all flavors of one model.
using MakeSpecs = std::vector<train::ModelSpec> (*)();

/// Lists the flavors of the models in `table`, in its order.
std::vector<train::ModelSpec> list_models(std::span<const MakeSpecs> table);

/// Lists every flavor of every model that can be trained: the table in registry.cpp.
std::vector<train::ModelSpec> all_models();

/// Finds a flavor in `models`. Throws ConfigError at model.name or model.flavor with the nearest name and all valid
/// ones.
train::ModelSpec find_model(const std::vector<train::ModelSpec>& models, const std::string& name,
                            const std::string& flavor);

/// Finds a flavor among all_models().
train::ModelSpec find_model(const std::string& name, const std::string& flavor);

}  // namespace titan::models
