#include "runtime/parallel/pipeline/schedule_csv.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "runtime/config/config_error.h"
#include "runtime/parallel/pipeline/lower.h"
#include "runtime/parallel/pipeline/validate.h"
#include "tests/runtime/pipeline/shapes.h"

namespace titan::pipeline {
namespace {

std::string error_of(const std::string& text, const ExpectedSize& expected = {}) {
  try {
    parse_schedule_csv(text, "own.csv", expected);
  } catch (const config::ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ScheduleCsv, ReadsBackWhatIsWritten) {
  for (const ScheduleShape& shape : valid_shapes(5, 3, 8)) {
    SCOPED_TRACE(text_of(shape));
    for (const Schedule& schedule :
         {make_schedule(shape), lower(make_schedule(shape)), lower(make_schedule(shape), {.sharding = false})}) {
      EXPECT_EQ(parse_schedule_csv(schedule_csv(schedule), "own.csv"), schedule);
    }
  }
}

TEST(ScheduleCsv, BlankCellsAreIdleStepsAndLineEndsMayBeAnySystems) {
  const Schedule plain = parse_schedule_csv("0F0,0B0\n1F0,1B0\n", "own.csv");
  EXPECT_EQ(parse_schedule_csv("0F0,,,0B0\r\n,1F0,1B0,\r\n", "own.csv"), plain);
  EXPECT_EQ(parse_schedule_csv("\xef\xbb\xbf"
                               "0F0 , 0B0\n 1F0,1B0",
                               "own.csv"),
            plain);
  EXPECT_EQ(parse_schedule_csv("0F0,0B0\n1F0,1B0\n\n\n", "own.csv"), plain);
}

TEST(ScheduleCsv, StagesMayBeOnAnyRank) {
  const Schedule schedule = parse_schedule_csv("1F0,1B0\n0F0,2F0,2B0,0B0\n", "own.csv");
  EXPECT_EQ(schedule.rank_of_stage, (std::vector<int>{1, 0, 1}));
}

TEST(ScheduleCsv, NamesFileLineAndColumn) {
  const std::string format =
      "; an action is <stage><kind><microbatch>, e.g. 0F0, of kind F, B, I, W, SEND_F, RECV_F, SEND_B, RECV_B, or "
      "<stage> with UNSHARD, RESHARD, REDUCE_GRAD, or (<forward>;<backward>)OVERLAP_F_B";
  EXPECT_EQ(error_of("0F0,0B0\n1F0, 1X0\n"), "own.csv:2:6: ' 1X0' is no action" + format);
  EXPECT_EQ(error_of("0F0,0B0\n1B0,1F0\n"), "own.csv:2:1: rank 1, position 0, 1B0: needs 1F0 before it");
  EXPECT_EQ(error_of("0F0,,0F1,0B0\n"), "own.csv:1:10: rank 0, position 3, end: 0B1 or 0I1 is missing");
  EXPECT_EQ(error_of("0F0,0B0\n0F0,0B0\n"), "own.csv:2:1: 0F0: Stage 0 is assigned to both rank 1 and rank 0");
  EXPECT_EQ(error_of("0F0,0B0\n\n1F0,1B0\n"), "own.csv:2:1: rank 1 has no action");
}

TEST(ScheduleCsv, RefusesFilesWithoutASchedule) {
  EXPECT_EQ(error_of(""), "own.csv: holds no action; a schedule has one line per rank");
  EXPECT_EQ(error_of("\n,,\n"), "own.csv: holds no action; a schedule has one line per rank");
  EXPECT_EQ(error_of("0UNSHARD\n"), "own.csv: holds no computation");
  EXPECT_EQ(error_of("0F0,0B0,2F0,2B0\n"), "own.csv: no rank has stage 1, but there is a stage 2");
}

TEST(ScheduleCsv, HugeNumbersAreRefusedBeforeTheyTakeMemory) {
  EXPECT_EQ(error_of("999999F999999\n"),
            "own.csv: names 1000000 stages and 1000000 microbatches, which need 1000000000000 forwards (at most "
            "1000000), found 1");
}

TEST(ScheduleCsv, MustHaveTheSizesOfTheRun) {
  const std::string text = "0F0,0B0\n1F0,1B0\n";
  EXPECT_EQ(error_of(text, {2, 2, 1}), "no error");
  EXPECT_EQ(error_of(text, {4, 2, 1}), "own.csv: Schedule has incorrect number of ranks - expected 4, actual 2");
  EXPECT_EQ(error_of(text, {2, 4, 1}), "own.csv: Schedule has incorrect number of stages - expected 4, actual 2");
  EXPECT_EQ(error_of(text, {2, 2, 8}), "own.csv: Schedule has incorrect number of microbatches - expected 8, actual 1");
}

TEST(ScheduleCsv, AMissingFileIsNamed) {
  try {
    read_schedule_csv("/nowhere/own.csv");
    FAIL();
  } catch (const config::ConfigError& error) {
    EXPECT_STREQ(error.what(), "/nowhere/own.csv: cannot read the file '/nowhere/own.csv'");
  }
}

TEST(ScheduleCsv, ShippedFilesAreValidAndCanBeLowered) {
  int num_files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(TITAN_SOURCE_DIR) + "/configs/schedules")) {
    SCOPED_TRACE(entry.path());
    EXPECT_FALSE(find_defect(lower(read_schedule_csv(entry.path()))));
    ++num_files;
  }
  EXPECT_GE(num_files, 3);
}

}  // namespace
}  // namespace titan::pipeline
