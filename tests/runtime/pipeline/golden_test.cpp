#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "runtime/config/config_error.h"
#include "runtime/parallel/pipeline/lower.h"
#include "runtime/parallel/pipeline/make_schedule.h"
#include "runtime/parallel/pipeline/schedule_csv.h"
#include "tests/runtime/pipeline/shapes.h"

namespace titan::pipeline {
namespace {

namespace fs = std::filesystem;

// Facts of torch.distributed.pipelining 2.11, written by validate/schedule_golden.py.
const fs::path kGolden = fs::path(TITAN_SOURCE_DIR) / "tests/golden/schedules";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// 64-bit FNV-1a.
std::string digest(const std::string& text) {
  uint64_t value = 0xcbf29ce484222325;
  for (const unsigned char byte : text) value = (value ^ byte) * 0x100000001b3;
  std::ostringstream hex;
  hex << std::hex;
  hex.width(16);
  hex.fill('0');
  hex << value;
  return hex.str();
}

struct Row {
  ScheduleShape shape;
  std::string compute;  // "error" where torch refuses
  std::string lowered;
};

Row row_of(const std::string& line) {
  std::istringstream cells(line);
  std::string name, ranks, stages, microbatches;
  Row row;
  std::getline(cells, name, ',');
  std::getline(cells, ranks, ',');
  std::getline(cells, stages, ',');
  std::getline(cells, microbatches, ',');
  std::getline(cells, row.compute, ',');
  std::getline(cells, row.lowered);
  row.shape = {parse_schedule_kind("grid", name), std::stoi(ranks), std::stoi(stages), std::stoi(microbatches)};
  return row;
}

void expect_equal(const Row& row) {
  SCOPED_TRACE(text_of(row.shape));
  if (row.compute == "error") {
    try {
      make_schedule(row.shape);
      FAIL() << "is not refused: " << row.lowered;
    } catch (const config::ConfigError& error) {
      EXPECT_EQ(error.message(), row.lowered);
    }
    return;
  }
  const Schedule schedule = make_schedule(row.shape);
  EXPECT_EQ(digest(schedule_csv(schedule)), row.compute);
  EXPECT_EQ(digest(schedule_csv(lower(schedule))), row.lowered);
}

TEST(Golden, EveryScheduleIsPyTorchsActionByAction) {
  std::ifstream grid(kGolden / "grid.csv");
  std::string line;
  std::getline(grid, line);
  int num_rows = 0;
  for (; std::getline(grid, line); ++num_rows) expect_equal(row_of(line));
  // 8 numbers of ranks, 22 of microbatches, 2 single-stage and 2 V schedules, 3 others with 2 to 4 stages per rank.
  EXPECT_EQ(num_rows, 8 * 22 * (2 + 2 + 3 * 3));
}

TEST(Golden, WholeSchedulesReadTheSame) {
  int num_files = 0;
  for (const auto& entry : fs::directory_iterator(kGolden)) {
    const std::string name = entry.path().stem().string();
    if (name == "grid") continue;
    SCOPED_TRACE(name);
    char kind[64];
    ScheduleShape shape;
    char form[16];
    ASSERT_EQ(std::sscanf(name.c_str(), "%63[^_]_pp%d_v%d_mb%d_%15s", kind, &shape.num_ranks, &shape.stages_per_rank,
                          &shape.num_microbatches, form),
              5);
    shape.kind = parse_schedule_kind(name, kind);
    const Schedule schedule = make_schedule(shape);
    const Schedule expected = std::string(form) == "lowered" ? lower(schedule) : schedule;
    EXPECT_EQ(schedule_csv(expected), read(entry.path()));
    EXPECT_EQ(read_schedule_csv(entry.path()), expected);
    ++num_files;
  }
  EXPECT_EQ(num_files, 7 * 4 * 2);
}

}  // namespace
}  // namespace titan::pipeline
