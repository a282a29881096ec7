// Linked into every test binary that uses LibTorch: each test starts from the same random numbers, so a failure
// repeats.
#include <ATen/Context.h>
#include <gtest/gtest.h>

namespace {

class FixedSeed : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override { at::manual_seed(20); }
};

const bool kInstalled = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new FixedSeed);
  return true;
}();

}  // namespace
