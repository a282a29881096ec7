#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/config/model_dims.h"
#include "runtime/parallel/tensor/tensor_plan.h"
#include "runtime/unit/unit.h"

namespace titan::train {

/// A model as the trainer sees it: units in order of execution. Built without values (parameters have shapes only).
struct Model {
  std::vector<std::unique_ptr<unit::Unit>>
      units;  // embedding, blocks, norm + output: tokens [B, S] -> logits [B, S, V]
  /// Makes buffers (rotary tables) on a device, in the dtypes that the units compute with; zeros where the device has
  /// no values.
  std::function<void(at::Device, bool has_values)> make_buffers;
};

/// What a flavor needs to know of the run it is built for.
struct ModelOptions {
  int64_t seq_len = 2048;
  bool repeats_key_heads = false;  // AttentionOptions
};

/// Sizes that checks before the build need.
using ModelDims = config::ModelDims;

/// One flavor of one model family: everything the runtime may ask of it. A value; building it allocates nothing.
struct ModelSpec {
  std::string name;
  std::string flavor;
  ModelDims dims;
  int64_t num_parameters = 0;
  std::function<double(int64_t seq_len)> flops_per_token;  // forward and backward, reference formula (§3.2)
  parallel::TensorPlan tensor_plan;                        // empty: the family has no tensor parallelism
  std::function<Model(const ModelOptions&)> build;
};

}  // namespace titan::train
