#include "estimator/report/html.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "estimator/report/html_charts.h"
#include "tests/estimator/report/report_text.h"
#include "tests/estimator/report/sample_estimate.h"

namespace titan::estimator {
namespace {

std::string page_of(Estimate estimate) {
  add_pictures(estimate);
  return html(estimate);
}

/// Removes what lies between the tags of `name`, which is no HTML.
void empty_out(std::string& page, const std::string& name) {
  for (size_t at = 0; (at = page.find("<" + name, at)) != std::string::npos;) {
    const size_t begin = page.find('>', at) + 1;
    page.erase(begin, page.find("</" + name + ">", at) - begin);
    at = begin;
  }
}

/// The first tag that closes another than the innermost open one, or one that is never closed; empty where all match.
std::string first_unbalanced(std::string page) {
  empty_out(page, "style");
  empty_out(page, "script");
  std::vector<std::string> open;
  for (size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    const std::string tag = page.substr(at + 1, page.find('>', at) - at - 1);
    const std::string name = tag.substr(0, tag.find_first_of(" \n/", 1));
    if (name == "meta" || name == "!doctype" || tag.ends_with("/")) continue;
    if (!name.starts_with("/")) {
      open.push_back(name);
    } else if (open.empty() || "/" + open.back() != name) {
      return tag;
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back();
}

TEST(FirstUnbalanced, FindsWhatItShould) {
  EXPECT_EQ(first_unbalanced("<p><b class=\"x\">1</b><line/></p>"), "");
  EXPECT_EQ(first_unbalanced("<p><b>1</p></b>"), "/p");
  EXPECT_EQ(first_unbalanced("<p>"), "p");
}

TEST(Html, RefersToNothingOutsideItself) {
  for (const std::string& page : {page_of(small_sample()), page_of(large_sample())}) {
    for (const char* reference : {"http", "//", "src=", "href", "@import", "url(", "<link", "<iframe", "fetch("}) {
      EXPECT_FALSE(contains(page, reference)) << reference;
    }
  }
}

TEST(Html, ClosesWhatItOpens) {
  EXPECT_EQ(first_unbalanced(page_of(small_sample())), "");
  EXPECT_EQ(first_unbalanced(page_of(large_sample())), "");
  EXPECT_EQ(first_unbalanced(html(small_sample())), "");
}

TEST(Html, AnswersFirst) {
  const std::string page = page_of(large_sample());
  const char* const kOrder[] = {"Does not fit",
                                "tokens/s per GPU",
                                "What makes it fit",
                                "Memory over one step",
                                "Memory at the peak",
                                "One step",
                                "Where the time of a step goes",
                                "Roles",
                                "What the numbers rest on",
                                "Settings"};
  size_t at = page.find("<body>");
  for (const char* part : kOrder) {
    const size_t found = page.find(part, at);
    EXPECT_NE(found, std::string::npos) << part;
    at = std::min(found, page.size());
  }
  EXPECT_TRUE(contains(page_of(small_sample()), "Fits, 11.46 GiB to spare"));
}

TEST(Html, LeavesOutPicturesWithoutSamples) {
  const std::string page = html(small_sample());
  EXPECT_FALSE(contains(page, "<svg"));
  EXPECT_FALSE(contains(page, "One step"));
  EXPECT_TRUE(contains(page, "Where the time of a step goes"));
}

TEST(Html, WritesForeignTextAsText) {
  Estimate estimate = small_sample();
  estimate.subject.config = "<script>alert(1)</script>";
  estimate.subject.keys["a<b"] = "\"&'";
  estimate.memory[0].categories["</script><b>"] = 0;
  add_pictures(estimate);
  estimate.timeline[0].spans[0].name = "<b>";
  const std::string page = html(estimate);
  EXPECT_FALSE(contains(page, "<script>alert"));
  EXPECT_FALSE(contains(page, "</script><b>"));
  EXPECT_TRUE(contains(page, "a&lt;b"));
  EXPECT_EQ(first_unbalanced(page), "");
}

/// Bytes that a lane of `num_spans` operators of alternating kinds adds to a page.
size_t added_bytes(int num_spans, const std::vector<std::string>& kinds) {
  Estimate estimate = small_sample();
  add_pictures(estimate);
  Lane crowded{"crowded", {}};
  for (int i = 0; i < num_spans; ++i) {
    const double begin = estimate.step_time_s * i / num_spans;
    const std::string& kind = kinds[static_cast<size_t>(i) % kinds.size()];
    crowded.spans.push_back({begin, begin + 0.9 * estimate.step_time_s / num_spans, "aten::add", kind});
  }
  const size_t before = html(estimate).size();
  estimate.timeline.push_back(crowded);
  return html(estimate).size() - before;
}

/// A screen shows a thousand strokes side by side; so many are drawn, however many operators there are.
TEST(Html, DrawsCrowdedLanesInFewStrokes) {
  EXPECT_LT(added_bytes(200000, {"memory"}), 1000u);
  EXPECT_LT(added_bytes(200000, {"memory", "matmul", "attention"}), 1100 * 300u);
  EXPECT_GT(added_bytes(500, {"memory", "matmul"}), 500 * 100u);
}

TEST(Html, MarksThePeakOfTheCurve) {
  // The sample's curve peaks in the middle of the step.
  EXPECT_TRUE(contains(page_of(small_sample()), "<i class=\"peak\" style=\"left:50%;"));
}

TEST(Ticks, AreRoundAndCoverTheAxis) {
  EXPECT_EQ(ticks(100.0, 5), (std::vector<double>{0, 20, 40, 60, 80, 100}));
  EXPECT_EQ(ticks(2.9, 5), (std::vector<double>{0, 1, 2}));
  EXPECT_EQ(ticks(104.0, 5).back(), 100.0);
  EXPECT_EQ(ticks(0.0, 5), std::vector<double>{0.0});
  for (double highest = 1e-7; highest < 1e7; highest *= 1.37) {
    EXPECT_GE(ticks(highest, 5).size(), 3u) << highest;
    EXPECT_LE(ticks(highest, 5).size(), 7u) << highest;
  }
}

TEST(StackingOrder, PutsWhatNeverChangesAtTheBottom) {
  MemoryCurve curve{.categories = {"wild", "steady", "mild"}, .samples = {{0.0, {0, 5, 1}}, {1.0, {9, 5, 2}}}};
  EXPECT_EQ(stacking_order(curve), (std::vector<size_t>{1, 2, 0}));
}

TEST(PlainNumber, HasNoTrailingZeros) {
  EXPECT_EQ(plain_number(2.50), "2.5");
  EXPECT_EQ(plain_number(2.0), "2");
  EXPECT_EQ(plain_number(-0.001), "0");
  EXPECT_EQ(plain_number(100.0, 0), "100");
}

}  // namespace
}  // namespace titan::estimator
