#include "runtime/data/document_file.h"

#include "tests/runtime/data/text_files.h"

namespace titan::data {
namespace {

using Texts = std::vector<std::string>;

Texts read_all(const std::filesystem::path& path) {
  DocumentFile file(path);
  Texts texts;
  while (auto raw = file.next()) texts.push_back(parse_document(std::move(*raw)));
  return texts;
}

TEST(DocumentFile, PlainAndCompressedLinesGiveTheSameDocuments) {
  const TextFolder folder;
  // More than one buffer of 256 KiB, a line longer than it, and texts that JSON escapes.
  Texts texts = numbered_texts(3000, 40);
  texts.push_back(std::string(600'000, 'y'));
  texts.push_back("quote \" tab \t line\nbreak \xC3\xA9 \xF0\x9F\x98\x80");
  EXPECT_EQ(read_all(folder.write("a.jsonl", json_lines(texts))), texts);
  EXPECT_EQ(read_all(folder.write_gz("a.jsonl.gz", json_lines(texts))), texts);
  EXPECT_EQ(read_all(folder.write_gz("a.json.gz", json_lines(texts))), texts);
}

TEST(DocumentFile, BlankLinesCarriageReturnsAndAMissingLastNewlineAreFine) {
  const TextFolder folder;
  EXPECT_EQ(read_all(folder.write("a.jsonl", "{\"text\": \"a\"}\r\n\n  \n{\"text\": \"b\", \"url\": \"u\"}")),
            (Texts{"a", "b"}));
}

TEST(DocumentFile, PlainTextEndsADocumentAtABlankLine) {
  const TextFolder folder;
  const std::string text = "\n\nfirst line\nsecond line\n\n \t\n\nnext document\n";
  EXPECT_EQ(read_all(folder.write("a.txt", text)), (Texts{"first line\nsecond line", "next document"}));
  EXPECT_EQ(read_all(folder.write_gz("a.txt.gz", text)), (Texts{"first line\nsecond line", "next document"}));
}

TEST(DocumentFile, ConcatenatedGzipMembersAreOneFile) {
  const TextFolder folder;
  const auto read_bytes = [](const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string first = read_bytes(folder.write_gz("1.jsonl.gz", json_lines({"a"})));
  const std::string second = read_bytes(folder.write_gz("2.jsonl.gz", json_lines({"b"})));
  EXPECT_EQ(read_all(folder.write("both.jsonl.gz", first + second)), (Texts{"a", "b"}));
}

struct BadLine {
  std::string line;
  std::string message;
};

TEST(DocumentFile, BrokenDocumentIsNamedByFileAndLine) {
  const std::vector<BadLine> cases = {
      {"{\"text\": \"cut of", "broken JSON at byte 17 of the line"},
      {"{\"text\": \"a\"} {}", "broken JSON at byte 15 of the line"},
      {"{\"text\": \"\xff\"}", "broken JSON at byte 11 of the line"},
      {"[1, 2]", "each line must be a JSON object with \"text\""},
      {"{\"content\": \"a\"}", "the document has no field \"text\""},
      {"{\"text\": 7}", "the field \"text\" must be a string"},
  };
  const TextFolder folder;
  for (const BadLine& bad : cases) {
    const auto path = folder.write("bad.jsonl", json_lines({"good", "good"}) + "\n" + bad.line + "\n");
    EXPECT_EQ(config_error([&] { read_all(path); }), path.string() + ":4: " + bad.message) << bad.line;
  }
}

TEST(DocumentFile, TruncatedGzipIsAnErrorWhereverItIsCut) {
  const TextFolder folder;
  const auto path = folder.write_gz("a.jsonl.gz", json_lines(numbered_texts(2000)));
  const auto size = std::filesystem::file_size(path);
  // Inside the header, inside the data, inside the checksum.
  for (const auto kept : {size_t{5}, size / 3, size - 4}) {
    folder.write_gz("a.jsonl.gz", json_lines(numbered_texts(2000)));
    std::filesystem::resize_file(path, kept);
    const std::string message = config_error([&] { read_all(path); });
    EXPECT_NE(message.find(path.string() + ":"), std::string::npos) << message;
    EXPECT_NE(message.find("the compressed data ends early (truncated file)"), std::string::npos) << message;
  }
}

TEST(DocumentFile, CorruptGzipIsAnError) {
  const TextFolder folder;
  const auto path = folder.write_gz("a.jsonl.gz", json_lines(numbered_texts(2000)));
  const auto size = std::filesystem::file_size(path);
  for (const auto place : {size / 2, size - 6}) {  // in the data; in the checksum
    folder.write_gz("a.jsonl.gz", json_lines(numbered_texts(2000)));
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(place));
    file.write("\xA5\x5A", 2);
    file.close();
    const std::string message = config_error([&] { read_all(path); });
    EXPECT_EQ(message.rfind(path.string() + ":", 0), 0U) << message;
  }
}

TEST(DocumentFile, PlainTextUnderAGzipNameIsAnError) {
  const TextFolder folder;
  const auto path = folder.write("a.jsonl.gz", json_lines({"plain"}));
  EXPECT_EQ(config_error([&] { read_all(path); }), path.string() + ": is not gzip data although its name ends in .gz");
}

TEST(DocumentFile, MissingFileAndUnknownKindAreErrors) {
  EXPECT_EQ(config_error([] { DocumentFile("/no/such.jsonl"); }),
            "/no/such.jsonl: cannot open: No such file or directory");
  EXPECT_EQ(config_error([] { DocumentFile("a.csv"); }),
            "a.csv: unknown kind of file: allowed are .jsonl, .json and .txt, also with .gz");
}

}  // namespace
}  // namespace titan::data
