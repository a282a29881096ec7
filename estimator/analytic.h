#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/config/model_dims.h"

// Closed formulas for the llama family: what a step must cost when nothing is lost. They are the oracle that recorded
// steps are tested against, never the prediction itself.

namespace titan::estimator {

/// How tensor parallelism cuts a weight.
enum class TensorCut { none, rows, columns };

/// One weight as it is stored: [rows, columns] = [outputs, inputs]; a vector has one column.
struct Weight {
  std::string name;  // "layers.3.attention.wq"
  int64_t rows = 0;
  int64_t columns = 1;
  TensorCut cut = TensorCut::none;
  bool multiplied = false;  // tokens are multiplied with it: not a lookup, not element-wise

  int64_t numel() const { return rows * columns; }
};

/// What a rank holds of a model's units: all of them, unless a pipeline splits it.
struct ModelPart {
  int64_t first_layer = 0;
  int64_t num_layers = 0;
  bool embedding = true;
  bool output = true;  // with the last norm
};

/// The undivided model.
ModelPart whole_model(const config::ModelDims& dims);

/// Lists a part's weights in order of execution.
std::vector<Weight> weights_of(const config::ModelDims& dims, const ModelPart& part);

int64_t num_parameters(const config::ModelDims& dims);

/// How activations are kept for backward.
enum class Checkpointing {
  none,
  full,       // every block runs again
  every_nth,  // every n-th block does
  op,         // every second matmul of a block runs again; attention is kept
};

/// A step, over all ranks together.
struct StepWork {
  int64_t tokens = 0;
  int64_t seq_len = 0;
  Checkpointing checkpointing = Checkpointing::none;
  int64_t every_n = 1;
  bool causal = true;             // half of the pairs count
  bool recomputes_scores = true;  // attention backward takes five products instead of four
  bool stops_early = true;        // a block that runs again leaves out its last matmul, whose output nobody needs
};

/// FLOPs by what asks for them. A multiplication and an addition are two.
struct StepFlops {
  double matmul_forward = 0.0, matmul_backward = 0.0, matmul_recomputed = 0.0;
  double attention_forward = 0.0, attention_backward = 0.0, attention_recomputed = 0.0;

  double matmul() const { return matmul_forward + matmul_backward + matmul_recomputed; }
  double attention() const { return attention_forward + attention_backward + attention_recomputed; }
};

/// Counts a step: 2 FLOPs per multiplied weight and token forward, 4 backward; attention forward two products of
/// 2 · head size · pairs per head.
StepFlops step_flops(const config::ModelDims& dims, const StepWork& work);

/// How a rank's state is cut. Replicas (DDP, the outer axis of HSDP) hold the same, so that their number does not
/// count.
struct StateLayout {
  int64_t tensor = 1;         // tp
  int64_t shard = 1;          // ranks of one FSDP group: dp_shard · cp
  int64_t coordinate = 0;     // in that group; 0 has the largest shard
  int64_t element_bytes = 4;  // of parameters, gradients and moments
  int64_t num_moments = 2;    // Adam
  int64_t step_bytes = 4;     // the optimizer's counter, per weight
};

struct StateBytes {
  int64_t parameters = 0, gradients = 0, optimizer = 0;
  int64_t total() const { return parameters + gradients + optimizer; }
};

/// Counts a rank's state. FSDP cuts rows in chunks of ceil(rows / shard); the last chunks may be short or empty.
/// Throws ContractError where tp does not divide a weight.
StateBytes state_bytes(const config::ModelDims& dims, const ModelPart& part, const StateLayout& layout);

/// Counts the elements of a weight on one rank.
int64_t local_numel(const Weight& weight, const StateLayout& layout);

/// Gives the share of a step in which a pipeline rank waits, with equal stages and free communication:
/// (p - 1) / (v · m + p - 1) for p ranks of v stages each and m microbatches (GPipe, 1F1B: v = 1; interleaved: v > 1).
double bubble_share(int64_t num_ranks, int64_t num_microbatches, int64_t stages_per_rank = 1);

/// Model FLOPs per token as torchtitan counts: 6 per parameter outside the embedding and 12 · layers · dim · seq_len
/// for attention; no causal discount, no recomputation.
double torchtitan_flops_per_token(const config::ModelDims& dims, int64_t seq_len);

/// The same with the embedding among the parameters, as in torchtitan's A100 table of July 2024.
double a100_table_flops_per_token(const config::ModelDims& dims, int64_t seq_len);

/// Model FLOPs utilisation in percent.
double mfu_percent(double flops_per_token, double tokens_per_second_per_gpu, double peak_flops_per_second);

}  // namespace titan::estimator
