#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/schedule_input.h"

namespace titan::fuzz {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(FuzzCorpus, EveryScheduleFileReadsOrIsRefusedInOneLine) {
  size_t num_inputs = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(TITAN_SOURCE_DIR) + "/tests/fuzz/corpus/schedule")) {
    SCOPED_TRACE(entry.path().filename());
    EXPECT_NO_THROW(try_schedule(read(entry.path())));
    ++num_inputs;
  }
  EXPECT_GE(num_inputs, 10u);
}

TEST(FuzzCorpus, NoPrefixOfAScheduleBreaksTheReader) {
  const std::string text =
      read(std::string(TITAN_SOURCE_DIR) + "/tests/golden/schedules/DualPipeV_pp2_v2_mb4_lowered.csv");
  ASSERT_FALSE(text.empty());
  for (size_t length = 0; length <= text.size(); ++length) EXPECT_NO_THROW(try_schedule(text.substr(0, length)));
}

TEST(FuzzCorpus, NoChangedByteOfAScheduleBreaksTheReader) {
  const std::string text =
      read(std::string(TITAN_SOURCE_DIR) + "/tests/golden/schedules/DualPipeV_pp2_v2_mb4_compute.csv");
  ASSERT_FALSE(text.empty());
  for (size_t place = 0; place < text.size(); ++place) {
    for (const char byte : std::string("0193,;()FBIW\n \0\xff", 16)) {
      std::string changed = text;
      changed[place] = byte;
      EXPECT_NO_THROW(try_schedule(changed)) << changed;
    }
  }
}

}  // namespace
}  // namespace titan::fuzz
