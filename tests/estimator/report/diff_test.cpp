#include "estimator/report/diff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/estimator/report/sample_estimate.h"

namespace titan::estimator {
namespace {

int64_t sum_of(const Waterfall& waterfall, int64_t Part::*side) {
  int64_t total = 0;
  for (const Part& part : waterfall.parts) total += part.*side;
  return total;
}

void expect_exact(const Waterfall& waterfall) {
  ASSERT_EQ(sum_of(waterfall, &Part::from), waterfall.from);
  ASSERT_EQ(sum_of(waterfall, &Part::to), waterfall.to);
  int64_t changes = 0;
  for (const Part& part : waterfall.parts) changes += part.change();
  ASSERT_EQ(changes, waterfall.change());
}

/// The printed numbers of one waterfall: the parts' changes and the total's, in the last printed digit.
struct Printed {
  int64_t from = 0, to = 0, change = 0;
};

int64_t digits(std::string text) {
  std::erase_if(text, [](char letter) { return letter == '.' || letter == ',' || letter == '+'; });
  return text.empty() ? 0 : std::stoll(text);
}

Printed read_row(const std::string& line) {
  const auto column = [&](size_t at) {
    std::string text = line.size() > at ? line.substr(at, 12) : "";
    std::erase(text, ' ');
    return digits(text);
  };
  return {column(26), column(38), column(50)};
}

/// Each printed waterfall runs from its title to "= total"; its rows must sum to that.
void expect_printed_exact(const std::string& report, int num_waterfalls) {
  std::istringstream text(report);
  Printed sum;
  bool inside = false;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("Step time of") || line.starts_with("Memory of")) {
      inside = true;
      sum = {};
    } else if (line.starts_with("  = total")) {
      const Printed total = read_row(line);
      ASSERT_EQ(sum.from, total.from) << report;
      ASSERT_EQ(sum.to, total.to) << report;
      ASSERT_EQ(sum.change, total.change) << report;
      inside = false;
      --num_waterfalls;
    } else if (inside) {
      const Printed row = read_row(line);
      sum = {sum.from + row.from, sum.to + row.to, sum.change + row.change};
    }
  }
  ASSERT_EQ(num_waterfalls, 0);
}

/// Law: in both waterfalls the parts sum to the whole, as numbers and as printed.
TEST(Diff, PartsSumToTheWholeForRandomPairs) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 500; ++round) {
    const Diff found = diff(random_estimate(random), random_estimate(random));
    expect_exact(found.time);
    expect_exact(found.memory);
    EXPECT_NEAR(static_cast<double>(found.time.change()) * 1e-12, found.to.step_time_s - found.from.step_time_s,
                1e-11 + 1e-12 * found.to.step_time_s);
    EXPECT_EQ(found.memory.change(), fullest(found.to).device_used_bytes - fullest(found.from).device_used_bytes);

    expect_printed_exact(diff_text(found, "a.json", "b.json"), 2);
  }
}

TEST(Diff, OfAnEstimateWithItselfIsNothing) {
  const Diff found = diff(large_sample(), large_sample());
  EXPECT_EQ(found.time.change(), 0);
  EXPECT_EQ(found.memory.change(), 0);
  EXPECT_TRUE(found.settings.empty());
  EXPECT_TRUE(same_within(found, 0.0));
  const std::string text = diff_text(found, "a", "b");
  EXPECT_TRUE(text.starts_with("SAME within 1.0 %\n")) << text;
  EXPECT_NE(text.find("All settings are the same."), std::string::npos);
}

TEST(Diff, IsTheNegativeTheOtherWayRound) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 100; ++round) {
    const Estimate a = random_estimate(random), b = random_estimate(random);
    EXPECT_EQ(time_waterfall(a, b).change(), -time_waterfall(b, a).change());
    EXPECT_EQ(memory_waterfall(a, b).change(), -memory_waterfall(b, a).change());
  }
}

TEST(Diff, ShowsWhatTheBreakdownDoesNotExplain) {
  Estimate from = small_sample();
  Estimate to = from;
  to.step_time_s += 0.25;
  const Waterfall time = time_waterfall(from, to);
  const auto part = std::find_if(time.parts.begin(), time.parts.end(),
                                 [](const Part& candidate) { return candidate.name == "unattributed"; });
  ASSERT_NE(part, time.parts.end());
  // One picosecond per rounded part at most.
  EXPECT_NEAR(static_cast<double>(part->change()), 0.25e12, 20.0);
}

/// allocated + reserved beyond + beside = device; nccl grew by 1 GiB, activations shrank by 3, the rest is the same.
TEST(Diff, SplitsMemoryIntoCategoriesHeldAndBeside) {
  const Estimate from = small_sample();
  Estimate to = from;
  RoleMemory& role = to.memory[0];
  role.categories["activations"] -= int64_t{3} << 30;
  role.peak_allocated_bytes -= int64_t{3} << 30;
  role.peak_reserved_bytes -= int64_t{1} << 30;
  role.beside_allocator["nccl"] += int64_t{1} << 30;
  const Waterfall memory = memory_waterfall(from, to);
  std::map<std::string, int64_t> changes;
  for (const Part& part : memory.parts) {
    if (part.change() != 0) changes[part.name] = part.change() >> 30;
  }
  // Device stayed: reserved -1, nccl +1.
  EXPECT_EQ(memory.change(), int64_t{0});
  EXPECT_EQ(changes,
            (std::map<std::string, int64_t>{{"activations", -3}, {"reserved, not allocated", 2}, {"beside: nccl", 1}}));
}

TEST(Diff, ListsChangedSettings) {
  Estimate to = small_sample();
  to.subject.hardware = "h200_sxm";
  to.subject.keys.erase("training.seq_len");
  to.subject.keys["compile.enable"] = "true";
  const std::vector<ChangedSetting> expected = {{"hardware", "h100_sxm_96gb_500w", "h200_sxm"},
                                                {"compile.enable", "default", "true"},
                                                {"training.seq_len", "8192", "default"}};
  EXPECT_EQ(changed_settings(small_sample(), to), expected);
}

TEST(Diff, JudgesByItsTolerance) {
  const Estimate from = small_sample();
  Estimate to = from;
  to.tokens_per_second_per_gpu *= 1.02;
  EXPECT_FALSE(same_within(diff(from, to), 0.0199));
  EXPECT_TRUE(same_within(diff(from, to), 0.0201));
  to = from;
  to.memory[0].device_used_bytes = from.memory[0].device_used_bytes * 98 / 100;
  EXPECT_FALSE(same_within(diff(from, to), 0.0199));
  EXPECT_TRUE(same_within(diff(from, to), 0.0201));
  to = from;
  to.fits = false;
  EXPECT_FALSE(same_within(diff(from, to), 1.0));
  EXPECT_NE(diff_text(diff(from, to), "a", "b").find("no longer fits"), std::string::npos);
}

TEST(DiffText, KeepsItsWidth) {
  std::mt19937_64 random(6);
  for (int round = 0; round < 100; ++round) {
    Estimate to = random_estimate(random);
    to.subject.keys["section." + std::string(random() % 100, 'k')] = std::string(random() % 100, 'v');
    const std::string name(random() % 200, 'n');
    std::istringstream text(diff_text(diff(random_estimate(random), to), name, name + ".json"));
    for (std::string line; std::getline(text, line);) ASSERT_LE(display_width(line), 80u) << line;
  }
}

TEST(Diff, RefusesATimeBeyondAllSteps) {
  Estimate estimate = small_sample();
  estimate.step_time_s = 1e7;
  EXPECT_ANY_THROW(time_waterfall(estimate, estimate));
}

}  // namespace
}  // namespace titan::estimator
