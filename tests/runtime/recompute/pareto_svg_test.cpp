#include "runtime/recompute/pareto_svg.h"

#include <gtest/gtest.h>

#include <optional>
#include <regex>

namespace titan::recompute {
namespace {

/// Gives the first element that is not closed in order, or nothing: enough of XML for what we write.
std::optional<std::string> find_unclosed(const std::string& text) {
  std::vector<std::string> open;
  const std::regex tag("<(/?)([a-z]+)((?:\\s+[A-Za-z0-9-]+='[^'<]*')*)\\s*(/?)>");
  const auto begin = std::sregex_iterator(text.begin(), text.end(), tag);
  for (auto match = begin; match != std::sregex_iterator(); ++match) {
    const std::string name = (*match)[2];
    if ((*match)[4].length() > 0) continue;
    if ((*match)[1].length() == 0) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return name;
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? std::nullopt : std::optional(open.back());
}

/// What is left of the text when all tags are gone.
std::string without_tags(const std::string& text) {
  return std::regex_replace(text, std::regex("<(/?)([a-z]+)((?:\\s+[A-Za-z0-9-]+='[^'<]*')*)\\s*(/?)>"), "");
}

ParetoPlot example() {
  return {.title = "Memory budget of layers.0 <a & b>",
          .frontier = pareto_frontier({{.bytes = 1 << 20, .cost = 3.0}, {.bytes = 2 << 20, .cost = 1.0}}),
          .full_bytes = 8 << 20,
          .budget = 0.25};
}

TEST(ParetoSvg, IsWellFormedWhateverTheTitle) {
  const auto svg = pareto_svg(example());
  EXPECT_EQ(find_unclosed(svg), std::nullopt);
  EXPECT_TRUE(svg.starts_with("<svg "));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  const auto text = without_tags(svg);
  EXPECT_EQ(text.find('<'), std::string::npos) << text;
  EXPECT_FALSE(std::regex_search(text, std::regex("&(?!lt;|amp;|gt;)"))) << text;
  EXPECT_NE(text.find("layers.0 &lt;a &amp; b>"), std::string::npos);
}

TEST(ParetoSvg, FetchesNothing) {
  // The one address is the name of the format.
  const auto svg = std::regex_replace(pareto_svg(example()), std::regex("xmlns='http://www.w3.org/2000/svg'"), "");
  for (const char* reference : {"href", "src=", "url(", "@import", "http", "//", "<script", "<image", "<!"}) {
    EXPECT_EQ(svg.find(reference), std::string::npos) << reference;
  }
}

TEST(ParetoSvg, TellsEachTwentiethOfTheBudgetAndTheChoice) {
  // 8 MiB: 1 MiB is 0.125, so 0.15 keeps the first output and runs 1 of 4 again; 3 MiB is 0.375, so 0.4 keeps both.
  const auto svg = pareto_svg(example());
  EXPECT_NE(svg.find("budget 0.10: keeps 0.00 MiB, recomputes 100.0 %"), std::string::npos) << svg;
  EXPECT_NE(svg.find("budget 0.15: keeps 1.00 MiB, recomputes 25.0 %"), std::string::npos);
  EXPECT_NE(svg.find("budget 0.40: keeps 3.00 MiB, recomputes 0.0 %"), std::string::npos);
  EXPECT_NE(svg.find("budget 1.00: keeps 8.00 MiB, recomputes 0.0 %"), std::string::npos);
  EXPECT_NE(svg.find("budget 0.25: keeps 1.00 of 8.00 MiB, recomputes 25 %"), std::string::npos);
}

TEST(ParetoSvg, ABlockWithoutOperatorsIsDrawnToo) {
  const auto svg = pareto_svg({.title = "empty", .frontier = pareto_frontier({}), .full_bytes = 0, .budget = 0.5});
  EXPECT_EQ(find_unclosed(svg), std::nullopt);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

}  // namespace
}  // namespace titan::recompute
