#pragma once

#include "models/llama3/config.h"
#include "runtime/train/model_spec.h"

namespace titan::models::llama3 {

/// Describe the flavors of the family's two models to the runtime.
std::vector<train::ModelSpec> llama3_specs();
std::vector<train::ModelSpec> llama2_specs();

/// Builds the units: "tok_embeddings", "layers.N" and the head ("norm", "output"). Allocates nothing.
train::Model build(const Config& config, const train::ModelOptions& options);

}  // namespace titan::models::llama3
