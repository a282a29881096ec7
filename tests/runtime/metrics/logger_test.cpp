#include "runtime/metrics/logger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <sstream>
#include <thread>
#include <vector>

#include "runtime/metrics/colours.h"

namespace titan::metrics {
namespace {

using std::chrono::system_clock;

/// 10:11:12.123 local time on 2026-02-23.
system_clock::time_point morning() {
  std::tm local{};
  local.tm_year = 126, local.tm_mon = 1, local.tm_mday = 23;
  local.tm_hour = 10, local.tm_min = 11, local.tm_sec = 12, local.tm_isdst = -1;
  return system_clock::from_time_t(std::mktime(&local)) + std::chrono::microseconds(123999);
}

TEST(Logger, WritesLinesLikePythonsRootLogger) {
  std::ostringstream out;
  Logger logger(out, {.clock = morning});
  logger.info("Starting job: default job");
  logger.warning("careful");
  logger.error("broken");
  EXPECT_EQ(out.str(),
            "[titan] 2026-02-23 10:11:12,123 - root - INFO - Starting job: default job\n"
            "[titan] 2026-02-23 10:11:12,123 - root - WARNING - careful\n"
            "[titan] 2026-02-23 10:11:12,123 - root - ERROR - broken\n");
}

TEST(Logger, PadsMilliseconds) {
  std::ostringstream out;
  Logger logger(out, {.clock = [] { return morning() - std::chrono::milliseconds(120); }});
  logger.info("x");
  EXPECT_NE(out.str().find("10:11:12,003 - root"), std::string::npos);
}

TEST(Logger, TellsTheCurrentTimeByDefault) {
  std::ostringstream out;
  Logger(out).info("x");
  std::string shape = out.str();
  std::replace_if(
      shape.begin(), shape.end(), [](unsigned char c) { return std::isdigit(c); }, '0');
  EXPECT_EQ(shape, "[titan] 0000-00-00 00:00:00,000 - root - INFO - x\n");
}

TEST(Logger, SaysNothingWhenQuiet) {
  std::ostringstream out;
  Logger logger(out, {.quiet = true});
  logger.info("x");
  logger.error("y");
  EXPECT_EQ(out.str(), "");
}

TEST(Logger, KeepsLinesWholeWhenThreadsShareIt) {
  std::ostringstream out;
  const system_clock::time_point now = morning();
  Logger logger(out, {.clock = [now] { return now; }});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int line = 0; line < 200; ++line) logger.info("0123456789");
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream lines(out.str());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    ASSERT_EQ(line, "[titan] 2026-02-23 10:11:12,123 - root - INFO - 0123456789");
  }
  EXPECT_EQ(count, 800);
}

TEST(Colours, AreOffWhenDisabledOrNoColorIsSet) {
  unsetenv("NO_COLOR");
  EXPECT_TRUE(use_colours(false));
  EXPECT_FALSE(use_colours(true));
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(use_colours(false));
  setenv("NO_COLOR", "", 1);
  EXPECT_TRUE(use_colours(false));
  unsetenv("NO_COLOR");
  EXPECT_EQ(colours(false).red, "");
}

}  // namespace
}  // namespace titan::metrics
