#include "runtime/data/line_reader.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/config/config_error.h"

namespace titan::data {
namespace {

constexpr size_t kBufferBytes = 256 * 1024;

}  // namespace

void LineReader::Close::operator()(gzFile_s* file) const { gzclose_r(file); }

LineReader::LineReader(std::filesystem::path path) : path_(std::move(path)), buffer_(kBufferBytes) {
  errno = 0;
  file_.reset(gzopen(path_.c_str(), "rb"));
  if (!file_) {
    throw config::ConfigError(path_.string(), std::string("cannot open: ") + std::strerror(errno ? errno : ENOMEM));
  }
  gzbuffer(file_.get(), kBufferBytes);
  // zlib hands a file that does not start like gzip through unchanged, which would feed garbage to the parser.
  const bool holds_bytes = refill();
  if (path_.extension() == ".gz" && holds_bytes && gzdirect(file_.get())) {
    throw config::ConfigError(path_.string(), "is not gzip data although its name ends in .gz");
  }
}

bool LineReader::refill() {
  const int count = gzread(file_.get(), buffer_.data(), static_cast<unsigned>(buffer_.size()));
  int code = Z_OK;
  const char* reason = gzerror(file_.get(), &code);
  if (count < 0 || code == Z_BUF_ERROR) {
    const std::string what = code == Z_BUF_ERROR ? "the compressed data ends early (truncated file)"
                             : code == Z_ERRNO   ? std::string("cannot read: ") + std::strerror(errno)
                                                 : std::string("the compressed data is corrupt (") + reason + ")";
    throw config::ConfigError(path_.string() + ":" + std::to_string(line_number_ + 1), what);
  }
  begin_ = 0;
  end_ = static_cast<size_t>(count);
  return count > 0;
}

bool LineReader::next(std::string& line) {
  line.clear();
  bool any = false;
  while (begin_ < end_ || refill()) {
    any = true;
    const char* first = buffer_.data() + begin_;
    const char* last = buffer_.data() + end_;
    const char* newline = std::find(first, last, '\n');
    line.append(first, newline);
    begin_ = newline - buffer_.data();
    if (newline == last) continue;
    ++begin_;
    break;
  }
  if (!any) return false;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  ++line_number_;
  return true;
}

std::string LineReader::where() const { return path_.string() + ":" + std::to_string(line_number_); }

}  // namespace titan::data
