#include "runtime/data/shard_deal.h"

#include <numeric>

#include "runtime/config/check.h"

namespace titan::data {

bool ShardDeal::takes(int64_t epoch, int64_t document) const {
  return (document - first) % stride == 0 && pass(epoch, document) >= 0;
}

ShardDeal deal(int64_t shard, int64_t num_shards, int64_t num_files, int64_t num_documents) {
  config::check(shard >= 0 && shard < num_shards, "deal: shard must be below num_shards: shard=", shard,
                " num_shards=", num_shards);
  config::check(num_files >= 1 && num_documents >= 1, "deal: the data set must hold documents: num_files=", num_files,
                " num_documents=", num_documents);
  ShardDeal part;
  if (num_files >= num_shards) {
    for (int64_t file = shard; file < num_files; file += num_shards) part.files.push_back(file);
    return part;
  }
  part.files.resize(num_files);
  std::iota(part.files.begin(), part.files.end(), 0);
  if (num_documents >= num_shards) {
    part.first = shard;
    part.stride = num_shards;
    return part;
  }
  part.first = shard % num_documents;
  part.head_share = shard / num_documents;
  part.head_shares = (num_shards - part.first + num_documents - 1) / num_documents;
  return part;
}

}  // namespace titan::data
