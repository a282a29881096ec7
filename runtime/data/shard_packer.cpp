#include "runtime/data/shard_packer.h"

#include <algorithm>

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"

namespace titan::data {

ShardPacker::ShardPacker(ShardState state, ShardDeal deal, std::optional<int64_t> last_pass, size_t consumer,
                         DocumentFeed& feed)
    : state_(std::move(state)), deal_(std::move(deal)), last_pass_(last_pass), consumer_(consumer), feed_(&feed) {}

bool ShardPacker::fill(std::span<int64_t> row, const Encode& encode) {
  while (!row.empty()) {
    if (resuming_ || state_.token == static_cast<int64_t>(tokens_.size())) {
      if (!load_next(encode)) return false;
      continue;
    }
    const size_t count = std::min(row.size(), tokens_.size() - static_cast<size_t>(state_.token));
    std::copy_n(tokens_.begin() + state_.token, count, row.begin());
    state_.token += static_cast<int64_t>(count);
    row = row.subspan(count);
  }
  return true;
}

// The document of a loaded state is read once more, to go on inside it.
bool ShardPacker::load_next(const Encode& encode) {
  PlacedDocument placed = feed_->next(consumer_);
  const Position position = placed.position;
  if (last_pass_ && deal_.pass(position.epoch, position.document) > *last_pass_) return false;
  const std::string where = placed.raw.where;
  tokens_ = encode(parse_document(std::move(placed.raw)));
  const auto num_tokens = static_cast<int64_t>(tokens_.size());
  config::check(num_tokens > 0, "ShardPacker: encode must give tokens: document=", where);
  const bool unfinished = resuming_ && state_.token >= 0;
  if (unfinished && (position != state_.position || state_.token > num_tokens)) {
    throw config::ConfigError(where, "the checkpoint continues at token " + std::to_string(state_.token) +
                                         " of document " + std::to_string(state_.position.record) +
                                         ", which is not there: the data set or the tokenizer has changed");
  }
  if (!unfinished) state_.token = state_.token < 0 ? first_token(num_tokens) : 0;
  resuming_ = false;
  state_.position = position;
  return true;
}

int64_t ShardPacker::first_token(int64_t num_tokens) const { return deal_.head_share * num_tokens / deal_.head_shares; }

}  // namespace titan::data
