#include "models/llama3/parallelize.h"

namespace titan::models::llama3 {

parallel::TensorPlan tensor_plan() {
  using parallel::TensorStyle;
  return {
      {"tok_embeddings", TensorStyle::vocabulary_rows},
      {"layers.*.attention_norm", TensorStyle::sequence},
      {"layers.*.attention", TensorStyle::gather_sequence},
      {"layers.*.attention.wq", TensorStyle::columns},
      {"layers.*.attention.wk", TensorStyle::columns},
      {"layers.*.attention.wv", TensorStyle::columns},
      {"layers.*.attention.wo", TensorStyle::rows},
      {"layers.*.ffn_norm", TensorStyle::sequence},
      {"layers.*.feed_forward", TensorStyle::gather_sequence},
      {"layers.*.feed_forward.w1", TensorStyle::columns},
      {"layers.*.feed_forward.w2", TensorStyle::rows},
      {"layers.*.feed_forward.w3", TensorStyle::columns},
      {"norm", TensorStyle::sequence},
      {"output", TensorStyle::logits},
  };
}

}  // namespace titan::models::llama3
