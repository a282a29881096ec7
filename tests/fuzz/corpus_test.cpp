#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/config_input.h"

namespace titan::fuzz {
namespace {

TEST(FuzzCorpus, EveryConfigurationLoadsOrIsRefusedInOneLine) {
  size_t num_inputs = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(TITAN_SOURCE_DIR) + "/tests/fuzz/corpus/config")) {
    SCOPED_TRACE(entry.path().filename());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(file), {}};
    EXPECT_NO_THROW(try_config(input));
    ++num_inputs;
  }
  EXPECT_GE(num_inputs, 10u);
}

TEST(FuzzCorpus, NoPrefixOfAShippedFileBreaksTheLoader) {
  std::ifstream file(std::string(TITAN_SOURCE_DIR) + "/configs/train/llama3_405b.toml", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_FALSE(text.empty());
  for (size_t length = 0; length <= text.size(); length += 7) EXPECT_NO_THROW(try_config(text.substr(0, length)));
}

}  // namespace
}  // namespace titan::fuzz
