#include "sim/device/workspaces.h"

#include <algorithm>

namespace titan::sim {
namespace {

constexpr uint64_t kIndexBytes = 8, kFloatBytes = 4;

uint64_t round_up(uint64_t number, uint64_t multiple) { return (number + multiple - 1) / multiple * multiple; }

uint64_t sum_bytes(const at::Tensor& summed) { return summed.scalar_type() == at::kDouble ? 8 : kFloatBytes; }

}  // namespace

std::vector<uint64_t> workspace_embedding_dense_backward(const OpCall& call) {
  constexpr uint64_t kMostUnsorted = 3072, kRowsPerSum = 10;
  const uint64_t num_indices = call.tensor(1).numel(), width = call.tensor(0).size(-1);
  if (num_indices <= kMostUnsorted) return {};
  const uint64_t segments = std::min<uint64_t>(num_indices, call.integer(2));
  const uint64_t parts = num_indices / kRowsPerSum + segments;
  return {num_indices * kIndexBytes,  // sorted
          num_indices * kIndexBytes,  // where they were
          num_indices * kIndexBytes,  // where segments begin
          kIndexBytes,                // number of segments
          segments * kIndexBytes,     // parts of a segment
          segments * kIndexBytes,     // parts before it
          kIndexBytes,                // number of parts
          parts * kIndexBytes,        // where parts begin
          parts * width * sum_bytes(call.tensor(0))};
}

std::vector<uint64_t> workspace_attention_backward(const OpCall& call) {
  const auto &q = call.tensor(1), &k = call.tensor(2);
  const uint64_t batch = q.size(0), heads = q.size(1), queries = q.size(2), keys = k.size(2), dim = q.size(3);
  if (q.scalar_type() != at::kBFloat16 && q.scalar_type() != at::kHalf) return {batch * heads * queries * sum_bytes(q)};
  const uint64_t rows = round_up(queries, 128);
  std::vector<uint64_t> bytes{batch * heads * rows * kFloatBytes,
                              batch * heads * rows * round_up(dim, 32) * kFloatBytes};
  if (k.size(1) != q.size(1)) bytes.insert(bytes.end(), 2, batch * keys * heads * dim * q.element_size());
  return bytes;
}

std::vector<uint64_t> workspace_foreach_norm(const OpCall& call) {
  constexpr uint64_t kChunk = 65536;
  const auto tensors = call.tensors(0);
  uint64_t most_chunks = 0;
  for (const auto& tensor : tensors) most_chunks = std::max(most_chunks, round_up(tensor.numel(), kChunk) / kChunk);
  if (most_chunks == 0) return {};
  return {tensors.size() * most_chunks * sum_bytes(tensors.front())};
}

}  // namespace titan::sim
