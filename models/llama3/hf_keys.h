#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>

#include "runtime/train/model_spec.h"

namespace titan::models::llama3 {

/// Gives the Hugging Face name of one of our parameters: layers.0.attention.wq.weight ->
/// model.layers.0.self_attn.q_proj.weight (reference §9.8). Throws c10::Error for a name that the family does not have.
std::string to_hf_name(const std::string& name);

/// The other way; nothing for what Hugging Face stores and we compute (rotary_emb.inv_freq).
std::optional<std::string> from_hf_name(const std::string& hf_name);

/// Reorders the rows of wq and wk: ours rotate interleaved pairs of a head's rows, Hugging Face's rotate its two
/// halves. Other parameters come back as they are. `name` is ours; the tensor is whole.
at::Tensor to_hf_value(const std::string& name, const at::Tensor& value, const train::ModelDims& dims);
at::Tensor from_hf_value(const std::string& name, const at::Tensor& value, const train::ModelDims& dims);

}  // namespace titan::models::llama3
