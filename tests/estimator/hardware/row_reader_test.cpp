#include "estimator/hardware/row_reader.h"

#include <gtest/gtest.h>

#include "runtime/config/config_error.h"

namespace titan::hardware {
namespace {

RowReader reader(const std::string& row) { return RowReader("table.rows", "file.toml", row); }

template <class Read>
std::string message(Read read) {
  try {
    read();
  } catch (const config::ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(RowReader, ReadsWordsChoicesNumbersAndCurvesInOrder) {
  RowReader row = reader("fa2  causal 128 512:1.5 4K:3");
  EXPECT_EQ(row.word("a name"), "fa2");
  EXPECT_EQ(row.choice("mask", {"causal", "full"}), "causal");
  EXPECT_EQ(row.number("head size", 1, 256), 128);
  EXPECT_EQ(row.curve("rate", 0.1, 10), (Curve{{512, 1.5}, {4096, 3}}));
  row.end();
}

TEST(RowReader, SizesMayEndInKMG) {
  EXPECT_EQ(reader("1K:1 2M:1 3G:1").curve("x", 0, 2),
            (Curve{{1024, 1}, {2.0 * 1024 * 1024, 1}, {3.0 * 1024 * 1024 * 1024, 1}}));
}

TEST(RowReader, NamesKeyRowAndFileInEveryError) {
  const struct {
    std::string error, expected;
  } cases[] = {
      {message([] { reader("").word("a name"); }), "table.rows: row '' lacks a name (file.toml)"},
      {message([] {
         reader("fb2").choice("backend", {"fa2", "cudnn"});
       }),
       "table.rows: row 'fb2' backend must be one of fa2, cudnn; found 'fb2'; did you mean 'fa2'? (file.toml)"},
      {message([] { reader("x").number("M", 1, 8); }),
       "table.rows: row 'x' M must be 1.0 to 8.0, found 'x' (file.toml)"},
      {message([] { reader("9").number("M", 1, 8); }),
       "table.rows: row '9' M must be 1.0 to 8.0, found '9' (file.toml)"},
      {message([] { reader("512").curve("rate", 0, 1); }),
       "table.rows: row '512' rate must be size:value, found '512' (file.toml)"},
      {message([] { reader("2:1 2:1").curve("rate", 0, 1); }),
       "table.rows: row '2:1 2:1' rate must have ascending sizes (file.toml)"},
      {message([] { reader("").curve("rate", 0, 1); }), "table.rows: row '' lacks rate (file.toml)"},
      {message([] { reader("a").end(); }), "table.rows: row 'a' has a word too many: 'a' (file.toml)"},
  };
  for (const auto& one : cases) EXPECT_EQ(one.error, one.expected);
}

}  // namespace
}  // namespace titan::hardware
