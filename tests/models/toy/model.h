#pragma once

#include <vector>

#include "runtime/train/model_spec.h"

namespace titan::models::toy {

/// Describes the flavors of a model that is as small as a model can be: embedding, feed-forward blocks, projection. Not
/// one of titan's models: it proves docs/adding_a_model.md.
std::vector<train::ModelSpec> toy_specs();

}  // namespace titan::models::toy
