#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/trace_input.h"

namespace titan::fuzz {
namespace {

TEST(FuzzCorpus, EveryTraceIsReplayedOrRefusedWithItsOffset) {
  size_t num_inputs = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(TITAN_SOURCE_DIR) + "/tests/fuzz/corpus/trace")) {
    SCOPED_TRACE(entry.path().filename());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(file), {}};
    EXPECT_NO_THROW(try_trace(input));
    ++num_inputs;
  }
  EXPECT_GE(num_inputs, 50u);
}

}  // namespace
}  // namespace titan::fuzz
