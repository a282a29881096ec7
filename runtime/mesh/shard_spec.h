#pragma once

#include <cstdint>
#include <vector>

namespace titan::mesh {

/// A box inside a tensor: [offset[d], offset[d] + size[d]) along every dim. A size may be 0: this rank holds nothing.
struct Box {
  std::vector<int64_t> offset;
  std::vector<int64_t> size;

  bool operator==(const Box&) const = default;
  /// Counts the elements inside.
  int64_t numel() const;
};

/// Says which part of a global tensor a rank holds. Describes every sharded tensor alike: for initialisation, clipping,
/// checkpoints and Hugging Face keys.
struct ShardSpec {
  std::vector<int64_t> global_shape;
  Box box;

  bool operator==(const ShardSpec&) const = default;
  int64_t global_numel() const;
  bool is_whole() const;
};

/// Describes the whole of a tensor of `shape`.
ShardSpec whole(std::vector<int64_t> shape);

/// Cuts `spec`'s box along `dim` into `num_shards` chunks of ceil(size / num_shards) rows (FSDP's rule: the last chunks
/// may be shorter or empty) and returns chunk `index`. Throws ContractError unless 0 <= index < num_shards and dim
/// exists.
ShardSpec shard(const ShardSpec& spec, int dim, int num_shards, int index);

/// Gives the rows of one chunk: ceil(rows / num_shards).
int64_t chunk_rows(int64_t rows, int num_shards);

}  // namespace titan::mesh
