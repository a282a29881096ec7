#include "runtime/metrics/json_lines_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <sstream>

#include "runtime/config/config_error.h"

namespace titan::metrics {
namespace {

namespace fs = std::filesystem;

class JsonLinesFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("titan_json_lines_" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    path_ = folder_ / "metrics.jsonl";
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& text) const { std::ofstream(path_) << text; }
  std::string content() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }
  static std::string message_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const std::exception& error) {
      return error.what();
    }
    return "nothing thrown";
  }

  fs::path folder_;
  fs::path path_;
};

TEST_F(JsonLinesFileTest, HasEachLineOnDiskAtOnce) {
  JsonLinesFile file(path_, 0);
  file.append(R"({"step":1})");
  EXPECT_EQ(content(), "{\"step\":1}\n");
  file.append(R"({"step":2})");
  EXPECT_EQ(content(), "{\"step\":1}\n{\"step\":2}\n");
}

TEST_F(JsonLinesFileTest, CreatesItsFolder) {
  const fs::path deep = folder_ / "a" / "b" / "metrics.jsonl";
  JsonLinesFile(deep, 0).append(R"({"step":1})");
  EXPECT_TRUE(fs::exists(deep));
}

TEST_F(JsonLinesFileTest, ResumesWithEachStepOnce) {
  write("{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n{\"step\":4}\n");
  JsonLinesFile file(path_, 2);
  EXPECT_EQ(content(), "{\"step\":1}\n{\"step\":2}\n");
  file.append(R"({"step":3})");
  EXPECT_EQ(content(), "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n");
  EXPECT_FALSE(fs::exists(path_.string() + ".tmp"));
}

TEST_F(JsonLinesFileTest, LeavesTheFileAloneWhenNothingIsLater) {
  write("{\"step\":1}\n{\"step\":2}\n");
  fs::create_hard_link(path_, folder_ / "same");
  JsonLinesFile(path_, 2).append(R"({"step":3})");
  EXPECT_EQ(fs::hard_link_count(path_), 2U);  // appended, not replaced
}

TEST_F(JsonLinesFileTest, StartsEmptyForANewRun) {
  write("{\"step\":1}\n");
  JsonLinesFile file(path_, 0);
  EXPECT_EQ(content(), "");
}

TEST_F(JsonLinesFileTest, DropsALastLineThatWasCutOff) {
  write("{\"step\":1}\n{\"step\":2}\n{\"ste");
  JsonLinesFile file(path_, 5);
  file.append(R"({"step":6})");
  EXPECT_EQ(content(), "{\"step\":1}\n{\"step\":2}\n{\"step\":6}\n");
}

TEST_F(JsonLinesFileTest, RefusesAFileThatIsNotItsOwn) {
  write("{\"step\":1}\nhello\n");
  EXPECT_EQ(message_of([&] { JsonLinesFile(path_, 5); }),
            path_.string() + ": line 2 is not a JSON object with an integer \"step\"; move the file away to go on");
  write("[1]\n");
  EXPECT_THROW(JsonLinesFile(path_, 5), config::ConfigError);
  write("{\"step\":\"1\"}\n");
  EXPECT_THROW(JsonLinesFile(path_, 5), config::ConfigError);
  EXPECT_EQ(content(), "{\"step\":\"1\"}\n");  // untouched
}

TEST_F(JsonLinesFileTest, SaysThatTheDiskIsFull) {
  fs::create_symlink("/dev/full", path_);
  JsonLinesFile file(path_, 0);
  EXPECT_EQ(message_of([&] { file.append("{}"); }), path_.string() + ": cannot be written: No space left on device");
}

TEST_F(JsonLinesFileTest, SaysWhyItCannotBeOpened) {
  write("");
  EXPECT_EQ(message_of([&] { JsonLinesFile(path_ / "metrics.jsonl", 0); }),
            path_.string() + ": cannot be created: Not a directory");
  EXPECT_EQ(message_of([&] { JsonLinesFile(folder_, 0); }),
            folder_.string() + ": cannot be opened for writing: Is a directory");
}

TEST_F(JsonLinesFileTest, KeepsTheOldFileWhenTheNewOneCannotBeWritten) {
  write("{\"step\":1}\n{\"step\":2}\n");
  fs::create_symlink("/dev/full", path_.string() + ".tmp");
  EXPECT_EQ(message_of([&] { JsonLinesFile(path_, 1); }),
            path_.string() + ": cannot be written: No space left on device");
  EXPECT_EQ(content(), "{\"step\":1}\n{\"step\":2}\n");
}

}  // namespace
}  // namespace titan::metrics
