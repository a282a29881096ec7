#include "runtime/data/document_file.h"

#include <nlohmann/json.hpp>

#include "runtime/config/config_error.h"

namespace titan::data {
namespace {

using config::ConfigError;

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t") == std::string::npos; }

DocumentFormat checked_format(const std::filesystem::path& path) {
  if (const auto format = document_format(path)) return *format;
  throw ConfigError(path.string(), "unknown kind of file: allowed are .jsonl, .json and .txt, also with .gz");
}

}  // namespace

std::optional<DocumentFormat> document_format(const std::filesystem::path& path) {
  const auto extension = path.extension() == ".gz" ? path.stem().extension() : path.extension();
  if (extension == ".jsonl" || extension == ".json") return DocumentFormat::kJsonLines;
  if (extension == ".txt") return DocumentFormat::kParagraphs;
  return std::nullopt;
}

DocumentFile::DocumentFile(const std::filesystem::path& path) : format_(checked_format(path)), lines_(path) {}

std::optional<RawDocument> DocumentFile::next() {
  return format_ == DocumentFormat::kJsonLines ? next_line() : next_paragraphs();
}

std::optional<RawDocument> DocumentFile::next_line() {
  std::string line;
  while (lines_.next(line)) {
    if (!is_blank(line)) return RawDocument{.bytes = std::move(line), .where = lines_.where(), .format = format_};
  }
  return std::nullopt;
}

std::optional<RawDocument> DocumentFile::next_paragraphs() {
  std::string text, line, where;
  while (lines_.next(line)) {
    if (is_blank(line)) {
      if (text.empty()) continue;
      break;
    }
    if (text.empty()) where = lines_.where();
    if (!text.empty()) text += '\n';
    text += line;
  }
  if (text.empty()) return std::nullopt;
  return RawDocument{.bytes = std::move(text), .where = std::move(where), .format = format_};
}

std::string parse_document(RawDocument raw) {
  if (raw.format == DocumentFormat::kParagraphs) return std::move(raw.bytes);
  nlohmann::json object;
  try {
    object = nlohmann::json::parse(raw.bytes);
  } catch (const nlohmann::json::parse_error& error) {
    throw ConfigError(raw.where, "broken JSON at byte " + std::to_string(error.byte) + " of the line");
  }
  if (!object.is_object()) throw ConfigError(raw.where, "each line must be a JSON object with \"text\"");
  const auto text = object.find("text");
  if (text == object.end()) throw ConfigError(raw.where, "the document has no field \"text\"");
  if (!text->is_string()) throw ConfigError(raw.where, "the field \"text\" must be a string");
  return std::move(text->get_ref<std::string&>());
}

}  // namespace titan::data
