#include "runtime/parallel/pipeline/picture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "runtime/config/check.h"
#include "tests/runtime/pipeline/shapes.h"

namespace titan::pipeline {
namespace {

std::string drawn(const ScheduleShape& shape, int width, const Durations& durations = {}) {
  const Schedule schedule = make_schedule(shape);
  return draw(schedule, ideal_timeline(schedule, durations), width);
}

TEST(Picture, ShowsWhoComputesWhatWhen) {
  // F takes two columns, B four; rank 1 waits for the first activation, rank 0 for the first gradient.
  EXPECT_EQ(drawn({ScheduleKind::k1F1B, 2, 1, 2}, 80),
            "rank 0 stage 0  F0F1....B0--..B1--\n"
            "rank 1 stage 1  ..F0B0--F1B1--....\n");
}

TEST(Picture, StagesOfOneRankLieUnderEachOther) {
  // On one rank: F0 of stage 0, F0 of stage 1, and back.
  EXPECT_EQ(drawn({ScheduleKind::kLoopedBfs, 1, 2, 1}, 80),
            "rank 0 stage 0  F0      B0--\n"
            "       stage 1    F0B0--\n");
}

TEST(Picture, NoLineIsWiderThanAsked) {
  for (const ScheduleShape& shape : valid_shapes(4, 3, 12)) {
    for (const int width : {40, 80, 120}) {
      std::istringstream lines(drawn(shape, width, {1, 1.3, 0.6}));
      for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), static_cast<size_t>(width));
    }
  }
}

TEST(Picture, WhatDoesNotFitIsContinuedBelow) {
  // 3 (8 + 1) columns of two: 54, of which 24 fit.
  const std::string text = drawn({ScheduleKind::kGPipe, 2, 1, 8}, 40);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3 * 2 + 2);
}

TEST(Picture, NumbersAreWholeOrLeftOut) {
  // 60 units with labels of 3 columns do not fit 4 pieces of 24: an F gets one column, a B two, too few for B10.
  const std::string text = drawn({ScheduleKind::kGPipe, 1, 1, 20}, 40);
  EXPECT_NE(text.find("FFFF"), std::string::npos) << text;
  EXPECT_NE(text.find("B0B1"), std::string::npos) << text;
  EXPECT_NE(text.find("B9B-B-"), std::string::npos) << text;
}

TEST(Picture, LongSchedulesBecomeCoarse) {
  // 3 (1000 + 1) units on 64 columns: one piece of two rows.
  const std::string text = drawn({ScheduleKind::kGPipe, 2, 1, 1000}, 80);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST(Picture, NeedsRoom) { EXPECT_THROW(drawn({ScheduleKind::kGPipe, 2, 1, 2}, 39), config::ContractError); }

}  // namespace
}  // namespace titan::pipeline
