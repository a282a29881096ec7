#include "runtime/files/write_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "runtime/config/config_error.h"

namespace titan::files {
namespace {

namespace fs = std::filesystem;

class WriteFile : public testing::Test {
 protected:
  WriteFile() : folder_(fs::path(testing::TempDir()) / ("titan_files_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~WriteFile() override { fs::remove_all(folder_); }

  static std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const fs::path folder_;
};

TEST_F(WriteFile, ReplacesAFileAndLeavesNothingBesideIt) {
  write_file(folder_ / "a", "first, longer");
  write_file(folder_ / "a", "second");
  EXPECT_EQ(text_of(folder_ / "a"), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(WriteFile, WritesThroughALinkAndKeepsIt) {
  write_file(folder_ / "target", "first, longer");
  fs::create_symlink(folder_ / "target", folder_ / "link");
  write_file(folder_ / "link", "second");
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(text_of(folder_ / "target"), "second");
}

TEST_F(WriteFile, WritesToADeviceAndKeepsIt) {
  write_file("/dev/null", "text");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  try {
    write_file("/dev/full", "text");
    FAIL() << "a full device took text";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(error.what(), std::string("/dev/full: cannot be written: No space left on device"));
  }
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
  EXPECT_FALSE(fs::exists("/dev/full.tmp"));
}

TEST_F(WriteFile, NamesAFolderAndAMissingFolder) {
  EXPECT_THROW(write_file(folder_, "text"), config::ConfigError);
  EXPECT_THROW(write_file(folder_ / "missing" / "a", "text"), config::ConfigError);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 0);
}

}  // namespace
}  // namespace titan::files
