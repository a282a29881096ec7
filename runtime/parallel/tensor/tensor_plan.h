#pragma once

#include <string>
#include <vector>

namespace titan::parallel {

/// How one module takes part in tensor and sequence parallelism (reference §4.4). Between modules activations are cut
/// along the sequence, dim 1 of [B, S, ...]; inside attention and feed-forward along heads and hidden features.
enum class TensorStyle {
  sequence,         // works on this rank's part of the sequence; its parameters are whole, their gradients partial
  gather_sequence,  // gathers its input along the sequence; has no parameters of its own
  columns,          // Linear: this rank has a part of the outputs
  rows,             // Linear: this rank has a part of the inputs; outputs are summed over ranks, cut along the sequence
  vocabulary_rows,  // Embedding: this rank has a part of the rows; outputs as with `rows`
  logits,           // Linear: gathers its input along the sequence; this rank has a part of the vocabulary
};

/// Applies a style to the modules whose full name matches, where "*" stands for one part of a name
/// ("layers.*.attention").
struct TensorRule {
  std::string module;
  TensorStyle style;
};

/// The tensor parallelism of a model as data. Every parameter must be covered by exactly one rule.
using TensorPlan = std::vector<TensorRule>;

/// Tells whether a full module name matches a rule's pattern.
bool matches(const std::string& pattern, const std::string& name);

}  // namespace titan::parallel
