#include "models/llama3/hf_keys.h"

#include <array>
#include <string_view>

namespace titan::models::llama3 {
namespace {

struct KeyPair {
  std::string_view ours;
  std::string_view hf;
};

constexpr std::array kWholeKeys{
    KeyPair{"tok_embeddings.weight", "model.embed_tokens.weight"},
    KeyPair{"norm.weight", "model.norm.weight"},
    KeyPair{"output.weight", "lm_head.weight"},
};

constexpr std::array kLayerKeys{
    KeyPair{"attention.wq.weight", "self_attn.q_proj.weight"},
    KeyPair{"attention.wk.weight", "self_attn.k_proj.weight"},
    KeyPair{"attention.wv.weight", "self_attn.v_proj.weight"},
    KeyPair{"attention.wo.weight", "self_attn.o_proj.weight"},
    KeyPair{"feed_forward.w1.weight", "mlp.gate_proj.weight"},
    KeyPair{"feed_forward.w2.weight", "mlp.down_proj.weight"},
    KeyPair{"feed_forward.w3.weight", "mlp.up_proj.weight"},
    KeyPair{"attention_norm.weight", "input_layernorm.weight"},
    KeyPair{"ffn_norm.weight", "post_attention_layernorm.weight"},
};

/// Splits "layers.12.rest" after the prefix into {"12", "rest"}; nothing unless the name has that form.
std::optional<std::pair<std::string, std::string_view>> split_layer(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  const size_t dot = name.find('.');
  if (dot == 0 || dot == std::string_view::npos) return std::nullopt;
  if (name.substr(0, dot).find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return std::pair{std::string(name.substr(0, dot)), name.substr(dot + 1)};
}

/// Renames by the two tables; `from` and `to` pick the columns.
std::optional<std::string> rename(std::string_view name, std::string_view KeyPair::*from, std::string_view KeyPair::*to,
                                  const KeyPair& layer_prefix) {
  for (const auto& key : kWholeKeys) {
    if (key.*from == name) return std::string(key.*to);
  }
  const auto layer = split_layer(name, layer_prefix.*from);
  if (!layer) return std::nullopt;
  for (const auto& key : kLayerKeys) {
    if (key.*from == layer->second) return std::string(layer_prefix.*to) + layer->first + "." + std::string(key.*to);
  }
  return std::nullopt;
}

constexpr KeyPair kLayerPrefix{"layers.", "model.layers."};

/// Counts the heads whose rows are reordered; 0: none.
int64_t num_rotated_heads(const std::string& name, const train::ModelDims& dims) {
  if (name.ends_with(".attention.wq.weight")) return dims.num_heads;
  if (name.ends_with(".attention.wk.weight")) return dims.num_kv_heads;
  return 0;
}

/// Sees each head's rows as a matrix of `rows` rows and transposes it.
at::Tensor transpose_heads(const at::Tensor& value, int64_t num_heads, int64_t rows) {
  const int64_t in = value.size(1);
  return value.reshape({num_heads, rows, -1, in}).transpose(1, 2).reshape({-1, in});
}

}  // namespace

std::string to_hf_name(const std::string& name) {
  const auto renamed = rename(name, &KeyPair::ours, &KeyPair::hf, kLayerPrefix);
  TORCH_CHECK(renamed.has_value(), "to_hf_name: not a Llama parameter: ", name);
  return *renamed;
}

std::optional<std::string> from_hf_name(const std::string& hf_name) {
  if (hf_name.ends_with("rotary_emb.inv_freq")) return std::nullopt;
  const auto renamed = rename(hf_name, &KeyPair::hf, &KeyPair::ours, kLayerPrefix);
  TORCH_CHECK(renamed.has_value(), "from_hf_name: not a parameter of Hugging Face's Llama: ", hf_name);
  return renamed;
}

at::Tensor to_hf_value(const std::string& name, const at::Tensor& value, const train::ModelDims& dims) {
  const int64_t heads = num_rotated_heads(name, dims);
  return heads == 0 ? value : transpose_heads(value, heads, value.size(0) / heads / 2);
}

at::Tensor from_hf_value(const std::string& name, const at::Tensor& value, const train::ModelDims& dims) {
  const int64_t heads = num_rotated_heads(name, dims);
  return heads == 0 ? value : transpose_heads(value, heads, 2);
}

}  // namespace titan::models::llama3
