#pragma once

#include <cstdint>
#include <vector>

namespace titan::data {

/// Says which documents one virtual shard reads. It depends on the data set and on the number of shards alone, never on
/// the mesh, so that every layout trains on the same batches:
///  - at least as many files as shards: files are dealt, shard s reads files s, s + G, s + 2G, … whole, and nobody
///  reads a file
///    twice (C4 has 1024 files of 800 MB);
///  - fewer files: documents are dealt, document d of the data set goes to shard d mod G; a rank reads all files once,
///  sequentially,
///    and parses only its own documents;
///  - fewer documents than shards: every shard reads all D documents round and round and starts at document s mod D;
///  the n
///    shards that start at the same one start at the token offsets 0, L/n, 2L/n, … of its L tokens.
struct ShardDeal {
  std::vector<int64_t> files;  // indices into Dataset::files; documents are numbered through them, from 0
  int64_t first = 0;           // the first document this shard reads
  int64_t stride = 1;          // it reads first, first + stride, …, and again from the start
  int64_t head_share = 0;  // it leaves out floor(head_share * tokens / head_shares) tokens of its very first document
  int64_t head_shares = 1;

  bool operator==(const ShardDeal&) const = default;

  /// Tells whether document `document` of pass `epoch` over the files is this shard's.
  bool takes(int64_t epoch, int64_t document) const;
  /// Counts the shard's own completed passes at that document: a shard that starts in the middle ends its pass there.
  int64_t pass(int64_t epoch, int64_t document) const { return document < first ? epoch - 1 : epoch; }
};

/// Deals a data set of `num_files` files and `num_documents` documents to `num_shards` shards; returns the part of
/// `shard`. `num_documents` may be any number >= num_shards when there are that many or more. Throws ContractError
/// unless 0 <= shard < num_shards and files and documents exist.
ShardDeal deal(int64_t shard, int64_t num_shards, int64_t num_files, int64_t num_documents);

}  // namespace titan::data
