#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "runtime/data/document_file.h"

namespace titan::data {

/// Where a document stands in a list of files that is read again and again.
struct Position {
  int64_t epoch = 0;     // completed passes over the files
  int64_t document = 0;  // number of the document in the pass
  int64_t file = 0;      // index into Dataset::files
  int64_t record = 0;    // number of the document in its file

  bool operator==(const Position&) const = default;
  /// Orders by epoch and document; file and record follow from them.
  bool before(const Position& other) const {
    return epoch != other.epoch ? epoch < other.epoch : document < other.document;
  }
};

struct PlacedDocument {
  Position position;
  RawDocument raw;
};

/// Reads files one after the other, for ever. One thread at a time.
class DocumentStream {
 public:
  /// Reads `files[i]` for each i of `order`; the first document is the one at `start`, found by skipping inside its
  /// file only.
  DocumentStream(std::vector<std::filesystem::path> files, std::vector<int64_t> order, const Position& start);

  /// Gives the next document; after the last file the first one follows. Throws ConfigError when no file holds a
  /// document, when `start` lies beyond the end of its file, and what DocumentFile throws.
  PlacedDocument next();

 private:
  void open();
  void skip_to_start();
  void advance_file();

  std::vector<std::filesystem::path> files_;
  std::vector<int64_t> order_;
  Position position_;  // of the document that comes next
  size_t place_ = 0;   // of its file in order_
  int64_t skip_ = 0;   // documents to pass over in the first file
  std::optional<DocumentFile> file_;
};

/// Counts the documents of `files` up to `limit`.
int64_t count_documents(const std::vector<std::filesystem::path>& files, int64_t limit);

}  // namespace titan::data
