#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "runtime/data/line_reader.h"

namespace titan::data {

enum class DocumentFormat {
  kJsonLines,   // one JSON object with a string "text" per line; blank lines are skipped
  kParagraphs,  // plain text; one or more blank lines end a document
};

/// Tells the format by the file's name: .jsonl, .json, .txt, each also with .gz. Absent for any other name.
std::optional<DocumentFormat> document_format(const std::filesystem::path& path);

/// A document as it stands in the file, not yet parsed: most documents that a rank passes belong to others.
struct RawDocument {
  std::string bytes;
  std::string where;  // file:line, for errors
  DocumentFormat format = DocumentFormat::kJsonLines;
};

/// Reads one file document by document. One thread at a time.
class DocumentFile {
 public:
  /// Throws ConfigError when the file cannot be opened or its name tells no format.
  explicit DocumentFile(const std::filesystem::path& path);

  /// Gives the next document, absent at the end of the file. Throws what LineReader throws.
  std::optional<RawDocument> next();

 private:
  std::optional<RawDocument> next_line();
  std::optional<RawDocument> next_paragraphs();

  DocumentFormat format_;
  LineReader lines_;
};

/// Gives the text of a document. Throws ConfigError naming file:line for broken JSON and for a "text" that is missing
/// or not a string.
std::string parse_document(RawDocument raw);

}  // namespace titan::data
