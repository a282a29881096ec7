#include "estimator/analytic.h"

#include <algorithm>

#include "runtime/config/check.h"

namespace titan::estimator {
namespace {

using config::ModelDims;

int64_t head_dim(const ModelDims& dims) { return dims.dim / dims.num_heads; }

/// A block's matmuls in order of execution, and its two norms where they stand.
std::vector<Weight> block_weights(const ModelDims& dims, int64_t layer) {
  const std::string prefix = "layers." + std::to_string(layer) + ".";
  const int64_t queries = dims.num_heads * head_dim(dims), keys = dims.num_kv_heads * head_dim(dims);
  const auto matmul = [&](const char* name, int64_t outputs, int64_t inputs, TensorCut cut) {
    return Weight{prefix + name, outputs, inputs, cut, true};
  };
  return {{prefix + "attention_norm", dims.dim},
          matmul("attention.wq", queries, dims.dim, TensorCut::rows),
          matmul("attention.wk", keys, dims.dim, TensorCut::rows),
          matmul("attention.wv", keys, dims.dim, TensorCut::rows),
          matmul("attention.wo", dims.dim, queries, TensorCut::columns),
          {prefix + "ffn_norm", dims.dim},
          matmul("feed_forward.w1", dims.ffn_hidden, dims.dim, TensorCut::rows),
          matmul("feed_forward.w3", dims.ffn_hidden, dims.dim, TensorCut::rows),
          matmul("feed_forward.w2", dims.dim, dims.ffn_hidden, TensorCut::columns)};
}

template <class Weights>
int64_t multiplied_numel(const Weights& weights) {
  int64_t numel = 0;
  for (const Weight& weight : weights) numel += weight.multiplied ? weight.numel() : 0;
  return numel;
}

/// Multiplied weights of one block that run again in backward.
int64_t recomputed_numel(const ModelDims& dims, const StepWork& work) {
  std::vector<Weight> matmuls = block_weights(dims, 0);
  std::erase_if(matmuls, [](const Weight& weight) { return !weight.multiplied; });
  if (work.checkpointing == Checkpointing::op) {
    int64_t numel = 0;
    for (size_t i = 1; i < matmuls.size(); i += 2) numel += matmuls[i].numel();
    return numel;
  }
  if (work.stops_early) matmuls.pop_back();
  return multiplied_numel(matmuls);
}

int64_t num_recomputed_blocks(const ModelDims& dims, const StepWork& work) {
  switch (work.checkpointing) {
    case Checkpointing::none:
      return 0;
    case Checkpointing::every_nth:
      return dims.num_layers / work.every_n;
    default:
      return dims.num_layers;
  }
}

double attention_flops_per_token(const ModelDims& dims, int64_t seq_len) {
  return 12.0 * static_cast<double>(dims.num_layers) * static_cast<double>(dims.num_heads * head_dim(dims)) *
         static_cast<double>(seq_len);
}

}  // namespace

ModelPart whole_model(const ModelDims& dims) { return {.first_layer = 0, .num_layers = dims.num_layers}; }

std::vector<Weight> weights_of(const ModelDims& dims, const ModelPart& part) {
  std::vector<Weight> weights;
  if (part.embedding) weights.push_back({"tok_embeddings", dims.vocab_size, dims.dim, TensorCut::rows, false});
  for (int64_t layer = part.first_layer; layer < part.first_layer + part.num_layers; ++layer) {
    for (Weight& weight : block_weights(dims, layer)) weights.push_back(std::move(weight));
  }
  if (part.output) {
    weights.push_back({"norm", dims.dim});
    weights.push_back({"output", dims.vocab_size, dims.dim, TensorCut::rows, true});
  }
  return weights;
}

int64_t num_parameters(const ModelDims& dims) {
  int64_t numel = 0;
  for (const Weight& weight : weights_of(dims, whole_model(dims))) numel += weight.numel();
  return numel;
}

StepFlops step_flops(const ModelDims& dims, const StepWork& work) {
  config::check(work.every_n >= 1, "step_flops: every_n must be at least 1: every_n=", work.every_n);
  const auto tokens = static_cast<double>(work.tokens);
  const double multiplied = static_cast<double>(multiplied_numel(weights_of(dims, whole_model(dims))));
  const double recomputed_blocks = static_cast<double>(num_recomputed_blocks(dims, work));
  // One product of attention in one block: of queries with keys, or of scores with values.
  const double product = (work.causal ? 0.5 : 1.0) * 2.0 * static_cast<double>(dims.num_heads * head_dim(dims)) *
                         static_cast<double>(work.seq_len) * tokens;
  const double products = product * static_cast<double>(dims.num_layers);
  const bool keeps_attention = work.checkpointing == Checkpointing::op;
  return {.matmul_forward = 2.0 * multiplied * tokens,
          .matmul_backward = 4.0 * multiplied * tokens,
          .matmul_recomputed = 2.0 * recomputed_blocks * static_cast<double>(recomputed_numel(dims, work)) * tokens,
          .attention_forward = 2.0 * products,
          .attention_backward = (work.recomputes_scores ? 5.0 : 4.0) * products,
          .attention_recomputed = keeps_attention ? 0.0 : 2.0 * product * recomputed_blocks};
}

int64_t local_numel(const Weight& weight, const StateLayout& layout) {
  int64_t rows = weight.rows, columns = weight.columns;
  if (weight.cut != TensorCut::none) {
    int64_t& cut = weight.cut == TensorCut::rows ? rows : columns;
    config::check(cut % layout.tensor == 0, "local_numel: tp must divide what it cuts: weight=", weight.name,
                  " size=", cut, " tp=", layout.tensor);
    cut /= layout.tensor;
  }
  const int64_t chunk = (rows + layout.shard - 1) / layout.shard;
  return std::clamp<int64_t>(rows - layout.coordinate * chunk, 0, chunk) * columns;
}

StateBytes state_bytes(const ModelDims& dims, const ModelPart& part, const StateLayout& layout) {
  StateBytes bytes;
  for (const Weight& weight : weights_of(dims, part)) {
    const int64_t local = local_numel(weight, layout) * layout.element_bytes;
    bytes.parameters += local;
    bytes.gradients += local;
    bytes.optimizer += layout.num_moments * local + layout.step_bytes;
  }
  return bytes;
}

double bubble_share(int64_t num_ranks, int64_t num_microbatches, int64_t stages_per_rank) {
  config::check(num_ranks >= 1 && num_microbatches >= 1 && stages_per_rank >= 1,
                "bubble_share: counts must be at least 1: ranks=", num_ranks, " microbatches=", num_microbatches,
                " stages_per_rank=", stages_per_rank);
  return static_cast<double>(num_ranks - 1) / static_cast<double>(stages_per_rank * num_microbatches + num_ranks - 1);
}

double torchtitan_flops_per_token(const ModelDims& dims, int64_t seq_len) {
  return 6.0 * static_cast<double>(num_parameters(dims) - dims.vocab_size * dims.dim) +
         attention_flops_per_token(dims, seq_len);
}

double a100_table_flops_per_token(const ModelDims& dims, int64_t seq_len) {
  return 6.0 * static_cast<double>(num_parameters(dims)) + attention_flops_per_token(dims, seq_len);
}

double mfu_percent(double flops_per_token, double tokens_per_second_per_gpu, double peak_flops_per_second) {
  return 100.0 * flops_per_token * tokens_per_second_per_gpu / peak_flops_per_second;
}

}  // namespace titan::estimator
