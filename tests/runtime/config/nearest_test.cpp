#include "runtime/config/nearest.h"

#include <gtest/gtest.h>

namespace titan::config {
namespace {

// kitten -> sitten -> sittin -> sitting: three edits.
TEST(EditDistance, CountsInsertionsRemovalsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("steps", "setps"), 1);
  EXPECT_EQ(edit_distance("STEPS", "steps"), 0);
  EXPECT_EQ(edit_distance("", "abc"), 3);
}

TEST(EditDistance, IsSymmetricAndZeroOnlyForEqualTexts) {
  const std::vector<std::string> words = {"", "a", "seq_len", "seqlen", "steps", "warmup_steps"};
  for (const auto& left : words) {
    for (const auto& right : words) {
      EXPECT_EQ(edit_distance(left, right), edit_distance(right, left));
      EXPECT_EQ(edit_distance(left, right) == 0, left == right);
    }
  }
}

TEST(Nearest, FindsTheNameMeantOrNothing) {
  const std::vector<std::string> names = {"adam", "adamw", "linear"};
  EXPECT_EQ(nearest("adamv", names), "adam");
  EXPECT_EQ(nearest("linaer", names), "linear");
  EXPECT_EQ(nearest("exponential", names), "");
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest(std::string(5000, 'a'), names), "");
}

}  // namespace
}  // namespace titan::config
