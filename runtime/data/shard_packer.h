#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/data/document_feed.h"
#include "runtime/data/loader_state.h"

namespace titan::data {

/// Turns a document into its tokens, the beginning- and end-of-text tokens included. Called from one thread of each
/// loader; must give the same tokens for the same text, and at least one.
using Encode = std::function<std::vector<int64_t>(const std::string& text)>;

/// Packs the documents of one virtual shard end to end into rows of tokens. One thread at a time.
class ShardPacker {
 public:
  /// `feed` hands this shard's documents as consumer `consumer`, from `state` on; `last_pass` is the last pass over the
  /// data to use, absent: no end.
  ShardPacker(ShardState state, ShardDeal deal, std::optional<int64_t> last_pass, size_t consumer, DocumentFeed& feed);

  /// Fills `row` with the next row.size() tokens. False when the data ends first; then nothing more can be asked for.
  /// Throws ConfigError naming file:line where a document is broken.
  bool fill(std::span<int64_t> row, const Encode& encode);

  /// Gives the state after the last row.
  const ShardState& state() const { return state_; }
  /// Counts the completed passes over the shard's documents.
  int64_t pass() const { return deal_.pass(state_.position.epoch, state_.position.document); }

 private:
  bool load_next(const Encode& encode);
  int64_t first_token(int64_t num_tokens) const;

  ShardState state_;
  ShardDeal deal_;
  std::optional<int64_t> last_pass_;
  size_t consumer_;
  DocumentFeed* feed_;
  bool resuming_ = true;
  std::vector<int64_t> tokens_;  // of the document at state_.position
};

}  // namespace titan::data
