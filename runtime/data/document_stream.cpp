#include "runtime/data/document_stream.h"

#include <algorithm>

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"

namespace titan::data {

using config::ConfigError;

DocumentStream::DocumentStream(std::vector<std::filesystem::path> files, std::vector<int64_t> order,
                               const Position& start)
    : files_(std::move(files)), order_(std::move(order)), position_(start) {
  config::check(!order_.empty(), "DocumentStream: order must name a file: order=[]");
  const bool at_beginning = start.document == 0;
  const auto found = at_beginning ? order_.begin() : std::find(order_.begin(), order_.end(), start.file);
  config::check(found != order_.end(), "DocumentStream: start must lie in a file of order: file=", start.file);
  place_ = found - order_.begin();
  skip_ = at_beginning ? 0 : start.record;
  position_.record = 0;
}

void DocumentStream::open() {
  position_.file = order_[place_];
  position_.record = 0;
  file_.emplace(files_[position_.file]);
}

void DocumentStream::skip_to_start() {
  for (; skip_ > 0; --skip_, ++position_.record) {
    if (file_->next()) continue;
    throw ConfigError(files_[position_.file].string(), "the file has become shorter since the checkpoint: it holds " +
                                                           std::to_string(position_.record) + " documents, document " +
                                                           std::to_string(position_.record + skip_) + " is to be read");
  }
}

void DocumentStream::advance_file() {
  file_.reset();
  if (++place_ < order_.size()) return;
  if (position_.document == 0) {
    throw ConfigError(files_[order_.front()].string(), order_.size() == 1
                                                           ? "holds no documents"
                                                           : "this file and the " + std::to_string(order_.size() - 1) +
                                                                 " other files of its shard hold no documents");
  }
  place_ = 0;
  ++position_.epoch;
  position_.document = 0;
}

PlacedDocument DocumentStream::next() {
  while (true) {
    if (!file_) open();
    skip_to_start();
    if (auto raw = file_->next()) {
      PlacedDocument placed{.position = position_, .raw = std::move(*raw)};
      ++position_.document;
      ++position_.record;
      return placed;
    }
    advance_file();
  }
}

int64_t count_documents(const std::vector<std::filesystem::path>& files, int64_t limit) {
  int64_t count = 0;
  for (const auto& path : files) {
    DocumentFile file(path);
    while (count < limit && file.next()) ++count;
    if (count == limit) break;
  }
  return count;
}

}  // namespace titan::data
