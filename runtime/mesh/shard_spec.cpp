#include "runtime/mesh/shard_spec.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "runtime/config/check.h"

namespace titan::mesh {
namespace {

int64_t product(const std::vector<int64_t>& sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t{1}, std::multiplies<>());
}

}  // namespace

int64_t Box::numel() const { return product(size); }

int64_t ShardSpec::global_numel() const { return product(global_shape); }

bool ShardSpec::is_whole() const { return box.size == global_shape; }

ShardSpec whole(std::vector<int64_t> shape) {
  std::vector<int64_t> origin(shape.size(), 0);
  return {.global_shape = shape, .box = {.offset = std::move(origin), .size = shape}};
}

int64_t chunk_rows(int64_t rows, int num_shards) { return (rows + num_shards - 1) / num_shards; }

ShardSpec shard(const ShardSpec& spec, int dim, int num_shards, int index) {
  config::check(dim >= 0 && dim < static_cast<int>(spec.global_shape.size()), "shard: dim must exist: dim=", dim,
                " num_dims=", spec.global_shape.size());
  config::check(num_shards >= 1 && index >= 0 && index < num_shards,
                "shard: index must be below num_shards: index=", index, " num_shards=", num_shards);
  ShardSpec part = spec;
  const int64_t rows = spec.box.size[dim];
  const int64_t chunk = chunk_rows(rows, num_shards);
  const int64_t begin = std::min(chunk * index, rows);
  part.box.offset[dim] += begin;
  part.box.size[dim] = std::min(begin + chunk, rows) - begin;
  return part;
}

}  // namespace titan::mesh
