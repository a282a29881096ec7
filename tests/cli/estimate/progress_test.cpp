#include "cli/progress.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>

namespace titan::cli {
namespace {

using std::chrono::milliseconds;

// Asked every 0.7 s from 0 on: 2.1 s is the first after two seconds, 4.2 s the first two seconds later.
TEST(Progress, IsSilentForTwoSecondsAndThenSpeaksEveryTwo) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::tmpfile(), std::fclose);
  ASSERT_TRUE(out);
  Progress::Clock::time_point now{};
  Progress progress("titan calibrate", out.get(), [&] { return now; });
  for (int i = 0; i < 8; ++i, now += milliseconds(700)) progress.say("row " + std::to_string(i));
  std::rewind(out.get());
  std::array<char, 200> text{};
  const size_t size = std::fread(text.data(), 1, text.size(), out.get());
  EXPECT_EQ(std::string(text.data(), size), "titan calibrate: row 3\ntitan calibrate: row 6\n");
}

}  // namespace
}  // namespace titan::cli
