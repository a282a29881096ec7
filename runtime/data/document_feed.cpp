#include "runtime/data/document_feed.h"

#include <algorithm>

namespace titan::data {
namespace {

Position earliest(const std::vector<DocumentFeed::Consumer>& consumers) {
  return std::min_element(consumers.begin(), consumers.end(),
                          [](const auto& a, const auto& b) { return a.start.before(b.start); })
      ->start;
}

}  // namespace

DocumentFeed::DocumentFeed(const std::vector<std::filesystem::path>& files, std::vector<Consumer> consumers)
    : consumers_(std::move(consumers)),
      waiting_(consumers_.size()),
      stream_(files, consumers_.front().deal.files, earliest(consumers_)) {}

PlacedDocument DocumentFeed::next(size_t consumer) {
  while (waiting_[consumer].empty()) {
    const PlacedDocument placed = stream_.next();
    const Position& position = placed.position;
    for (size_t i = 0; i < consumers_.size(); ++i) {
      if (position.before(consumers_[i].start)) continue;
      if (consumers_[i].deal.takes(position.epoch, position.document)) waiting_[i].push_back(placed);
    }
  }
  PlacedDocument placed = std::move(waiting_[consumer].front());
  waiting_[consumer].pop_front();
  return placed;
}

}  // namespace titan::data
