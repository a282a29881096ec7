#include "runtime/data/tokenizer/text_files.h"

#include <zlib.h>

#include <cctype>
#include <memory>
#include <nlohmann/json.hpp>

#include "runtime/data/tokenizer/file_error.h"

namespace titan::tokenizer {
namespace {

constexpr size_t kBlockBytes = 1 << 20;
constexpr size_t kPieceBytes = 4 << 20;  // of a text file

struct CloseGz {
  void operator()(gzFile file) const { gzclose(file); }
};

class GzReader {
 public:
  explicit GzReader(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (!file_) throw file_error(path, "cannot be opened");
  }

  // Appends the next block; false at the end.
  bool read_into(std::string& buffer) {
    const size_t size = buffer.size();
    buffer.resize(size + kBlockBytes);
    const int count = gzread(file_.get(), buffer.data() + size, kBlockBytes);
    buffer.resize(size + std::max(count, 0));
    int error = Z_OK;
    const char* message = gzerror(file_.get(), &error);
    if (count < 0 || (count == 0 && error == Z_BUF_ERROR)) {
      throw file_error(
          path_, std::string("cannot be read: ") + (error == Z_BUF_ERROR ? "the compressed file is cut off" : message));
    }
    return count > 0;
  }

 private:
  const std::string& path_;
  std::unique_ptr<gzFile_s, CloseGz> file_;
};

void read_record(std::string_view line, const std::string& field, const std::string& where,
                 FunctionRef<void(std::string_view)> text) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  const nlohmann::json record = nlohmann::json::parse(line, nullptr, false);
  if (record.is_discarded()) throw file_error(where, "not a JSON object on one line");
  if (!record.is_object() || !record.contains(field) || !record[field].is_string()) {
    throw file_error(where, "has no text in '" + field + "'");
  }
  text(record[field].get_ref<const std::string&>());
}

void read_records(GzReader& file, const std::string& path, const std::string& field,
                  FunctionRef<void(std::string_view)> text) {
  std::string buffer;
  int64_t line_number = 0;
  bool more = true;
  while (more) {
    more = file.read_into(buffer);
    size_t begin = 0;
    const std::string_view view = buffer;
    for (size_t end = view.find('\n'); end != std::string_view::npos || (!more && begin < view.size());
         end = view.find('\n', begin)) {
      const size_t stop = std::min(end, view.size());
      read_record(view.substr(begin, stop - begin), field, path + ":" + std::to_string(++line_number), text);
      begin = std::min(stop + 1, view.size());
    }
    buffer.erase(0, begin);
  }
}

// Where a text may be cut: the beginning of the last line that starts with something else than white space; 0 if there
// is none.
size_t cut_position(std::string_view text) {
  for (size_t pos = text.size(); pos > 1; --pos) {
    const auto next = pos < text.size() ? static_cast<unsigned char>(text[pos]) : ' ';
    if (text[pos - 1] == '\n' && next < 0x80 && !std::isspace(next)) return pos;
  }
  return 0;
}

void read_text(GzReader& file, FunctionRef<void(std::string_view)> text) {
  std::string buffer;
  while (file.read_into(buffer)) {
    if (buffer.size() < kPieceBytes) continue;
    const size_t cut = cut_position(buffer);
    if (cut > 0) text(std::string_view(buffer).substr(0, cut));
    buffer.erase(0, cut);
  }
  if (!buffer.empty()) text(buffer);
}

}  // namespace

void for_each_text(const std::string& path, const std::string& field, FunctionRef<void(std::string_view)> text) {
  GzReader file(path);
  const std::string name = path.ends_with(".gz") ? path.substr(0, path.size() - 3) : path;
  if (name.ends_with(".jsonl") || name.ends_with(".json")) return read_records(file, path, field, text);
  read_text(file, text);
}

}  // namespace titan::tokenizer
