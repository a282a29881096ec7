#include "runtime/parallel/pipeline/make_schedule.h"

#include <gtest/gtest.h>

#include <functional>

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"
#include "runtime/parallel/pipeline/validate.h"
#include "tests/runtime/pipeline/shapes.h"

namespace titan::pipeline {
namespace {

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const config::ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(MakeSchedule, EverySizeIsRefusedOrValid) {
  int num_valid = 0;
  for (const ScheduleShape& shape : all_shapes(8, 4, 18)) {
    SCOPED_TRACE(text_of(shape));
    if (!is_allowed(shape)) {
      EXPECT_THROW(make_schedule(shape), config::ConfigError);
      continue;
    }
    const auto defect = find_defect(make_schedule(shape));
    EXPECT_FALSE(defect) << to_string(*defect);
    ++num_valid;
  }
  EXPECT_GT(num_valid, 1000);
}

TEST(MakeSchedule, WarmUpOf1F1BIsTheDistanceToTheLastRank) {
  const Schedule schedule = make_schedule({ScheduleKind::k1F1B, 3, 1, 4});
  EXPECT_EQ(schedule, schedule_from({"0F0 0F1 0F2 0B0 0F3 0B1 0B2 0B3", "1F0 1F1 1B0 1F2 1B1 1F3 1B2 1B3",
                                     "2F0 2B0 2F1 2B1 2F2 2B2 2F3 2B3"}));
}

TEST(MakeSchedule, NamesAreReadInAnyCase) {
  for (const auto& traits : all_schedules()) {
    std::string lower = traits.name;
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(parse_schedule_kind("--schedule", lower), traits.kind);
  }
}

TEST(MakeSchedule, AnUnknownNameListsTheOptionsAndTheNearest) {
  EXPECT_EQ(error_of([] { parse_schedule_kind("--schedule", "Interleave1F1B"); }),
            "--schedule: Unknown schedule name 'Interleave1F1B'. The valid options are 1F1B, Interleaved1F1B, GPipe, "
            "LoopedBFS, InterleavedZeroBubble, ZBVZeroBubble, DualPipeV, PipelineScheduleSingle, "
            "PipelineScheduleMulti; did you mean 'Interleaved1F1B'?");
}

TEST(MakeSchedule, NumbersOfStagesPerRankAreRefusedByKey) {
  const auto refusal = [](ScheduleKind kind, int stages) {
    return error_of([&] { make_schedule({kind, 4, stages, 8}); });
  };
  const std::string key = "parallelism.pipeline_parallel_layers_per_stage: ";
  const std::string with = " with parallelism.pipeline_parallel_schedule = ";
  EXPECT_EQ(refusal(ScheduleKind::k1F1B, 2),
            key + "Single stage schedule requires exactly 1 stage per rank, found 2" + with + "1F1B");
  EXPECT_EQ(refusal(ScheduleKind::kLoopedBfs, 1),
            key + "Multi-stage schedule requires at least 2 stages per rank, found 1" + with + "LoopedBFS");
  EXPECT_EQ(refusal(ScheduleKind::kDualPipeV, 3),
            key + "V schedule requires exactly 2 stages per rank, found 3" + with + "DualPipeV");
}

TEST(MakeSchedule, NumbersOfMicrobatchesAreRefusedByKey) {
  const auto refusal = [](ScheduleKind kind, int stages, int microbatches) {
    return error_of([&] { make_schedule({kind, 4, stages, microbatches}, {.num_microbatches = "--microbatches"}); });
  };
  EXPECT_EQ(refusal(ScheduleKind::k1F1B, 1, 3),
            "--microbatches: Number of microbatches (3) must be greater than or equal to the number of stages (4).");
  EXPECT_EQ(refusal(ScheduleKind::kInterleaved1F1B, 2, 9),
            "--microbatches: Interleaved 1F1B requires the number of microbatches to be a multiple of the number of "
            "rounds (2), but got 9.");
  EXPECT_EQ(refusal(ScheduleKind::kInterleavedZeroBubble, 2, 9),
            "--microbatches: Zero bubble requires the number of microbatches to be a multiple of the number of rounds "
            "(2), but got 9.");
  EXPECT_EQ(refusal(ScheduleKind::kDualPipeV, 2, 7),
            "--microbatches: DualPipeV requires at least as many microbatches as stages, but got 7 microbatches and 8 "
            "stages.");
  EXPECT_EQ(refusal(ScheduleKind::kGPipe, 1, 300'000),
            "--microbatches: stages times microbatches may be at most 1000000, found 1200000");
}

TEST(MakeSchedule, WhatOnlyAFileGivesIsRefused) {
  EXPECT_EQ(error_of([] {
              make_schedule({ScheduleKind::kMulti, 2, 2, 8});
            }),
            "parallelism.pipeline_parallel_schedule: PipelineScheduleMulti has no order of its own: it needs a CSV "
            "file");
}

TEST(MakeSchedule, SizesBelowOneAreTheCallersFault) {
  EXPECT_THROW(make_schedule({ScheduleKind::kGPipe, 0, 1, 1}), config::ContractError);
  EXPECT_THROW(make_schedule({ScheduleKind::kGPipe, 1, 1, 0}), config::ContractError);
}

TEST(PlaceStages, LoopsGoRoundAndAVComesBack) {
  EXPECT_EQ(place_stages(3, 6, Placement::kLoop), (std::vector<int>{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(place_stages(3, 6, Placement::kV), (std::vector<int>{0, 1, 2, 2, 1, 0}));
  EXPECT_EQ(stages_of_rank(place_stages(3, 6, Placement::kV), 1), (std::vector<int>{1, 4}));
  EXPECT_THROW(place_stages(3, 7, Placement::kLoop), config::ContractError);
  EXPECT_THROW(place_stages(3, 9, Placement::kV), config::ContractError);
}

}  // namespace
}  // namespace titan::pipeline
