#include "cli/schedule_command.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "runtime/config/config_error.h"

namespace titan::cli {
namespace {

std::string output_of(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  print_schedule(arguments, out);
  return out.str();
}

std::string error_of(const std::vector<std::string>& arguments) {
  try {
    output_of(arguments);
  } catch (const config::ConfigError& error) {
    return error.what();
  }
  return "no error";
}

class ScheduleCommand : public testing::Test {
 protected:
  ScheduleCommand()
      : folder_(std::filesystem::temp_directory_path() / ("titan_schedule_test_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~ScheduleCommand() override { std::filesystem::remove_all(folder_); }

  std::string path(const char* name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_;
};

TEST_F(ScheduleCommand, DrawsAndCounts) {
  // 1F1B with p = 2 and m = 2: the step is (m + p - 1)(F + B) = 9, a rank works 6; 1 / 3 of the time is bubble.
  EXPECT_EQ(output_of({"--pp", "2", "--microbatches", "2"}),
            "1F1B: 2 ranks, 2 stages, 2 microbatches\n\n"
            "rank 0 stage 0  F0F1....B0--..B1--\n"
            "rank 1 stage 1  ..F0B0--F1B1--....\n\n"
            "F forward, B backward, I and W its halves (inputs, weights); number: microbatch; - goes on, . waits\n\n"
            "durations      F 1, I 1, W 1, B 2, transfer 0\n"
            "step           9.00, of which the busiest rank computes 6.00\n"
            "bubble         33.3 % of the ranks' time\n"
            "in flight      2 1\n"
            "               most microbatches at once on each rank, counted for each of its stages\n");
}

TEST_F(ScheduleCommand, ListsActionsWithTransfers) {
  const std::string text =
      output_of({"--pp=2", "--microbatches=2", "--schedule", "gpipe", "--actions", "--lowered", "--width", "60"});
  EXPECT_NE(text.find("rank 0: 0UNSHARD 0F0 0SEND_F0 0F1 0SEND_F1 0RECV_B0 0B0\n        0RECV_B1 0B1"),
            std::string::npos)
      << text;
}

TEST_F(ScheduleCommand, WhatItWritesItReads) {
  const std::string file = path("own.csv");
  output_of({"--schedule", "ZBVZeroBubble", "--pp", "2", "--csv", file});
  std::ifstream stream(file);
  const std::string csv{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_EQ(csv.substr(0, 24), "0F0,0F1,0F2,3F0,3I0,3W0,");
  EXPECT_EQ(output_of({"--read", file}).substr(0, file.size() + 37), file + ": 2 ranks, 4 stages, 4 microbatches\n\n");
  EXPECT_EQ(error_of({"--read", file, "--pp", "2", "--stages-per-rank", "2", "--microbatches", "4"}), "no error");
  EXPECT_EQ(error_of({"--read", file, "--stages-per-rank", "3"}),
            "--stages-per-rank: expected 3, but " + file + " has 4 stages on 2 ranks");
}

TEST_F(ScheduleCommand, BrokenFilesAreNamedByLineAndColumn) {
  const std::string file = path("broken.csv");
  std::ofstream(file) << "0F0,0B0\n1B0,1F0\n";
  EXPECT_EQ(error_of({"--read", file}), file + ":2:1: rank 1, position 0, 1B0: needs 1F0 before it");
}

TEST_F(ScheduleCommand, ComparesAllSchedules) {
  const std::string text = output_of({"--pp", "4", "--microbatches", "9", "--compare"});
  for (const char* name : {"1F1B", "GPipe", "LoopedBFS", "ZBVZeroBubble", "DualPipeV"}) {
    EXPECT_NE(text.find(std::string("\n") + name + " "), std::string::npos) << text;
  }
  // Those that refuse 9 microbatches on 4 ranks say why.
  EXPECT_NE(text.find("a multiple of the number of rounds (2), but got 9."), std::string::npos) << text;
}

TEST_F(ScheduleCommand, WrongUseIsOneLine) {
  EXPECT_EQ(error_of({"--pp", "0"}).substr(0, 4), "pp: ");
  EXPECT_EQ(error_of({"--schedule", "2F2B"}).substr(0, 45), "--schedule: Unknown schedule name '2F2B'. The");
  EXPECT_EQ(error_of({"--pp", "4", "--microbatches", "3"}),
            "--microbatches: Number of microbatches (3) must be greater than or equal to the number of stages (4).");
  EXPECT_EQ(error_of({"--stages-per-rank", "2"}),
            "--stages-per-rank: Single stage schedule requires exactly 1 stage per rank, found 2 with --schedule = "
            "1F1B");
  EXPECT_EQ(error_of({"--forward", "-1"}).substr(0, 9), "forward: ");
  EXPECT_EQ(error_of({"--width", "20"}).substr(0, 7), "width: ");
  EXPECT_NE(error_of({"--microbatch", "3"}), "no error");
  EXPECT_NE(error_of({"pipeline"}), "no error");
  for (const auto& arguments : {std::vector<std::string>{"--pp", "1000000", "--microbatches", "1000000"}}) {
    EXPECT_EQ(error_of(arguments),
              "--microbatches: stages times microbatches may be at most 1000000, found 1000000000000");
  }
}

TEST_F(ScheduleCommand, NoOptionIsIgnored) {
  EXPECT_EQ(error_of({"--read", "own.csv", "--schedule", "1F1B"}),
            "--schedule: has no meaning with --read: the order is the file's");
  EXPECT_EQ(error_of({"--compare", "--csv", "own.csv"}), "--csv: has no meaning with --compare");
  EXPECT_EQ(error_of({"--lowered"}), "--lowered: needs --actions or --csv: the picture shows computations only");
}

TEST_F(ScheduleCommand, HelpNamesEveryScheduleAndOption) {
  const std::string help = output_of({"--help"});
  for (const char* word : {"Interleaved1F1B", "PipelineScheduleMulti", "--stages-per-rank", "--csv", "--read"}) {
    EXPECT_NE(help.find(word), std::string::npos) << word;
  }
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 120u) << line;
}

}  // namespace
}  // namespace titan::cli
