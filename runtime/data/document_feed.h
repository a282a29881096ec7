#pragma once

#include <deque>
#include <filesystem>
#include <vector>

#include "runtime/data/document_stream.h"
#include "runtime/data/shard_deal.h"

namespace titan::data {

/// Hands the documents of one stream to the shards that share it: all of a rank's shards where documents are dealt, one
/// where files are. The files are read once, whatever the number of shards; a shard that takes longer documents than
/// the others gets ahead, so the others' documents wait here unparsed. One thread at a time.
class DocumentFeed {
 public:
  struct Consumer {
    ShardDeal deal;
    Position start;  // documents before it are not this shard's any more
  };

  /// At least one consumer; the deals of all name the same files.
  DocumentFeed(const std::vector<std::filesystem::path>& files, std::vector<Consumer> consumers);

  /// Gives the next document of consumers[consumer]. Throws what DocumentStream::next throws.
  PlacedDocument next(size_t consumer);

 private:
  std::vector<Consumer> consumers_;
  std::vector<std::deque<PlacedDocument>> waiting_;
  DocumentStream stream_;
};

}  // namespace titan::data
