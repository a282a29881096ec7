#include "runtime/parallel/pipeline/action.h"

#include <gtest/gtest.h>

namespace titan::pipeline {
namespace {

TEST(Action, IsWrittenAsPyTorchWritesIt) {
  EXPECT_EQ(to_string(Action{0, ActionKind::kForward, 0}), "0F0");
  EXPECT_EQ(to_string(Action{1, ActionKind::kBackward, 3}), "1B3");
  EXPECT_EQ(to_string(Action{2, ActionKind::kSendForward, 1}), "2SEND_F1");
  EXPECT_EQ(to_string(Action{12, ActionKind::kReduceGrad}), "12REDUCE_GRAD");
}

TEST(Action, ReadsBackEveryKind) {
  for (const char* text : {"0F0", "1B3", "10I20", "3W7", "2UNSHARD", "2RESHARD", "0REDUCE_GRAD", "0SEND_F4", "1RECV_F4",
                           "1SEND_B4", "0RECV_B999999", "(0F5;3B1)OVERLAP_F_B", "(3F5;0I1)OVERLAP_F_B"}) {
    const auto action = parse_action(text);
    ASSERT_TRUE(action) << text;
    EXPECT_EQ(to_string(*action), text);
  }
}

TEST(Action, IgnoresSurroundingSpaces) {
  EXPECT_EQ(parse_action("  1F2\t"), (Action{1, ActionKind::kForward, 2}));
  EXPECT_EQ(to_string(*parse_action(" ( 0F5 ; 3B1 ) OVERLAP_F_B ")), "(0F5;3B1)OVERLAP_F_B");
}

TEST(Action, RefusesWhatIsNone) {
  for (const char* text : {"",
                           " ",
                           "F",
                           "0",
                           "F0",
                           "0F",
                           "0f0",
                           "0X0",
                           "0F0x",
                           "0F 0",
                           "0 F0",
                           "-1F0",
                           "0F-1",
                           "0FF0",
                           "0UNSHARD1",
                           "0SEND_F",
                           "0SEND0",
                           "1000000F0",
                           "0F1000000",
                           "99999999999999999999F0",
                           "0OVERLAP_F_B0",
                           "0OVERLAP_F_B",
                           "(0F0;1B0)",
                           "(0F0)OVERLAP_F_B",
                           "(1B0;0F0)OVERLAP_F_B",
                           "(0F0;0B0)OVERLAP_F_B",
                           "(0F0;1W0)OVERLAP_F_B",
                           "(0F0;1B0;2B0)OVERLAP_F_B",
                           "((0F0;1B0)OVERLAP_F_B;1B0)OVERLAP_F_B",
                           "(0F0;1B0OVERLAP_F_B",
                           "()OVERLAP_F_B"}) {
    EXPECT_FALSE(parse_action(text)) << text;
  }
}

TEST(Action, KindsFallIntoThreeFamilies) {
  for (const char* text : {"0F0", "0B0", "0I0", "0W0", "(0F0;1B0)OVERLAP_F_B"}) {
    EXPECT_TRUE(is_computation(parse_action(text)->kind)) << text;
  }
  for (const char* text : {"0SEND_F0", "0RECV_F0", "0SEND_B0", "0RECV_B0"}) {
    EXPECT_TRUE(is_transfer(parse_action(text)->kind)) << text;
  }
  for (const char* text : {"0UNSHARD", "0RESHARD", "0REDUCE_GRAD"}) {
    EXPECT_TRUE(is_sharding(parse_action(text)->kind)) << text;
  }
}

}  // namespace
}  // namespace titan::pipeline
