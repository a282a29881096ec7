#include "estimator/report/table.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "estimator/report/text_layout.h"
#include "tests/estimator/report/report_text.h"
#include "tests/estimator/report/sample_estimate.h"

namespace titan::estimator {
namespace {

using testing::AssertionResult;

AssertionResult fits_in(const std::string& text, size_t width) {
  for (const std::string& line : lines_of(text)) {
    if (display_width(line) > width) return testing::AssertionFailure() << display_width(line) << " columns: " << line;
    if (!line.empty() && line.back() == ' ') return testing::AssertionFailure() << "trailing space: " << line;
  }
  return testing::AssertionSuccess();
}

/// Compares with tests/golden/estimate/`name`. TITAN_REGENERATE_GOLDEN=1 build/<preset>/bin/report_test
/// --gtest_filter='Table.*' writes it anew: review its difference.
void expect_golden(const std::string& text, const std::string& name) {
  const std::string path = std::string(TITAN_SOURCE_DIR) + "/tests/golden/estimate/" + name;
  if (std::getenv("TITAN_REGENERATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream in(path);
  std::ostringstream golden;
  golden << in.rdbuf();
  EXPECT_EQ(text, golden.str()) << path;
}

TEST(Table, OfAFittingRunIsAsReviewed) { expect_golden(table(small_sample()), "small_table.txt"); }

TEST(Table, OfARunThatDoesNotFitIsAsReviewed) { expect_golden(table(large_sample()), "large_table.txt"); }

TEST(Table, AnswersFirst) {
  const std::string text = table(small_sample());
  EXPECT_EQ(text.find("FITS"), 0u);
  EXPECT_LT(text.find("tokens/s"), text.find("Memory"));
  EXPECT_LT(text.find("Memory"), text.find("Where the"));
}

TEST(Table, KeepsItsWidthWhateverTheNamesAndNumbers) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200; ++i) {
    Estimate estimate = random_estimate(random);
    estimate.subject.config = std::string(random() % 200, 'c');
    estimate.subject.hardware = "ein_sehr_großes_gerät_mit_langem_namen_" + std::string(random() % 90, 'x');
    estimate.memory[0].peak_where = std::string(random() % 150, 'w');
    estimate.memory[0].categories["a category with quite a long name indeed"] = 0;
    estimate.subject.notices = {std::string(300, 'n')};
    for (const size_t width : {60u, 80u, 120u}) ASSERT_TRUE(fits_in(table(estimate, {.width = width}), width));
  }
}

TEST(Table, ShowsPlainlyWhatIsUncalibrated) { EXPECT_TRUE(contains(table(small_sample()), "UNCALIBRATED")); }

TEST(Table, HasColoursOnlyWhenAsked) {
  EXPECT_FALSE(contains(table(small_sample()), "\033"));
  EXPECT_TRUE(contains(table(small_sample(), {.colours = true}), "\033[32mFITS"));
  EXPECT_TRUE(contains(table(large_sample(), {.colours = true}), "\033[31mDOES NOT FIT"));
  EXPECT_FALSE(wants_colours(-1));
}

TEST(Table, SaysWhatIsTooMuchAndEveryRemedy) {
  const Estimate estimate = large_sample();
  const std::string text = table(estimate);
  EXPECT_TRUE(contains(text, "DOES NOT FIT")) << text;
  EXPECT_TRUE(contains(text, "Interleaved1F1B"));
  EXPECT_TRUE(contains(text, "Tried to allocate 1.00 GiB"));
}

TEST(Table, AdmitsThatNothingHelps) {
  Estimate estimate = large_sample();
  estimate.remedies.clear();
  EXPECT_TRUE(contains(table(estimate), "No single change that was tried makes it fit."));
}

TEST(Table, TellsFragmentationFromTooMuch) {
  Estimate estimate = large_sample();
  estimate.subject.capacity_bytes = fullest(estimate).device_used_bytes + 1;
  EXPECT_TRUE(contains(table(estimate), "DOES NOT FIT: the allocator runs out of memory"));
}

// 1 GiB of room on the device, 1.3 GiB between the prediction of reserved memory and the end of its interval.
TEST(Table, WarnsOfWhatFitsNarrowly) {
  Estimate estimate = small_sample();
  EXPECT_FALSE(contains(table(estimate), "narrowly"));
  estimate.subject.capacity_bytes = fullest(estimate).device_used_bytes + (int64_t{1} << 30);
  EXPECT_TRUE(contains(table(estimate), "FITS with 1.00 GiB to spare"));
  EXPECT_TRUE(contains(table(estimate), "  narrowly: at the upper end of its interval it would not fit\n"));
  estimate.fits = false;
  EXPECT_FALSE(may_not_fit(estimate));
}

TEST(Table, HasALinePerRoleOnlyWhereRolesDiffer) {
  EXPECT_FALSE(contains(table(small_sample()), "  role "));
  for (int pp = 0; pp < 8; ++pp) {
    EXPECT_TRUE(contains(table(large_sample()), "\n  pp " + std::to_string(pp) + " "));
  }
}

TEST(Table, HasALineOfHostMemoryOnlyWhereItIsUsed) {
  Estimate estimate = small_sample();
  EXPECT_FALSE(contains(table(estimate), "in host memory"));
  EXPECT_FALSE(contains(table(estimate), "the host computes"));
  estimate.memory[0].peak_host_bytes = int64_t{12} << 30;
  estimate.memory[0].host_categories = {{"optimizer", int64_t{8} << 30}, {"parameters", int64_t{4} << 30}};
  estimate.time.host_work_s = 0.03;
  EXPECT_TRUE(contains(table(estimate), "  in host memory"));
  EXPECT_TRUE(contains(table(estimate), "12.00 GiB   per rank: optimizer"));
  EXPECT_TRUE(contains(table(estimate), "  the host computes"));
}

TEST(Table, OfManyRolesShowsTheFullest) {
  Estimate estimate = large_sample();
  const RoleMemory role = estimate.memory[7];
  for (int i = 8; i < 40; ++i) {
    estimate.memory.push_back(role);
    estimate.memory.back().pp_rank = i;
  }
  EXPECT_TRUE(contains(table(estimate), "and 24 roles that use less"));
}

TEST(Table, RefusesAPageTooNarrow) { EXPECT_ANY_THROW(table(small_sample(), {.width = 59})); }

TEST(Fullest, IsTheRoleThatRanOutOfMemoryBeforeOneThatUsesMore) {
  Estimate estimate = large_sample();
  estimate.memory[3].device_used_bytes += int64_t{1} << 40;
  EXPECT_EQ(fullest(estimate).pp_rank, 0);
  estimate.memory[0].out_of_memory.reset();
  EXPECT_EQ(fullest(estimate).pp_rank, 3);
  estimate.memory.clear();
  EXPECT_ANY_THROW(fullest(estimate));
}

TEST(RoleName, HoldsTheCoordinatesThatDiffer) {
  Estimate estimate = large_sample();
  EXPECT_EQ(role_name(estimate, estimate.memory[3]), "pp 3");
  estimate.memory[2].cp_rank = 1;
  EXPECT_EQ(role_name(estimate, estimate.memory[3]), "pp 3 cp 0");
  EXPECT_EQ(role_name(small_sample(), small_sample().memory[0]), "all ranks");
}

}  // namespace
}  // namespace titan::estimator
