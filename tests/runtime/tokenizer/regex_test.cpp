#include <gtest/gtest.h>

#include <stdexcept>

#include "runtime/config/config_error.h"
#include "runtime/data/tokenizer/regex.h"
#include "runtime/data/tokenizer/regex_dialect.h"
#include "runtime/data/tokenizer/splitter.h"

namespace titan::tokenizer {
namespace {

using Parts = std::vector<std::string>;

Parts split(const std::string& pattern, const std::string& text, SplitBehavior behavior = SplitBehavior::kIsolated,
            bool invert = false) {
  const Splitter splitter(UnicodeRegex::from_json_dialect(pattern, "test"), behavior, invert);
  Parts parts;
  splitter.split(text, [&](std::string_view part) { parts.emplace_back(part); });
  return parts;
}

// The expected parts are those that pre_tokenizers.Split(Regex(pattern), "isolated") of the package gives.
TEST(RegexDialect, SplitsLikeThePackage) {
  EXPECT_EQ(split("^a", "b\na a\n"), (Parts{"b\n", "a", " a\n"}));
  EXPECT_EQ(split("a$", "a\nba"), (Parts{"a", "\nb", "a"}));
  EXPECT_EQ(split("(?m).", "a\nb"), (Parts{"a", "\n", "b"}));
  EXPECT_EQ(split("a{1,2}+", "aaaaa"), (Parts{"aaaaa"}));
  EXPECT_EQ(split("a{,2}", "aaaab"), (Parts{"aa", "aa", "b"}));
  EXPECT_EQ(split(R"(\h+)", "xafz q"), (Parts{"x", "af", "z q"}));
  EXPECT_EQ(split(R"(\s+)", "a\u180Eb\u3000c"), (Parts{"a\u180Eb", "\u3000", "c"}));
  EXPECT_EQ(split(R"(\w+)", "\u00B2\u203F-\u0301"), (Parts{"\u00B2\u203F", "-", "\u0301"}));
  EXPECT_EQ(split(R"(\p{Han}+)", "\u3001\u706F\u5854"), (Parts{"\u3001", "\u706F\u5854"}));
}

TEST(RegexDialect, KnowsLettersThatAreNewerThanTheLibrary) {
  // U+1C8A and U+31350 are letters since Unicode 16 and 15.
  EXPECT_EQ(split(R"(\p{L}+)", "a\u1C8A\U00031350b 1"), (Parts{"a\u1C8A\U00031350b", " 1"}));
  EXPECT_EQ(split(R"([^\p{L}]+)", "a\u1C8A b"), (Parts{"a\u1C8A", " ", "b"}));
}

TEST(RegexDialect, RefusesWhatItCannotTranslate) {
  for (const char* pattern : {"[a&&b]", "[[:alpha:]]", "[a[b]]", R"([\W])", R"(\X)", R"(\K)", R"(\G)", "a(?i)b",
                              "(?x: a)", R"(a{2}?)", R"(\xE9)", "[a", R"(\)", R"(\p{)", "(?<n", "(?#", "(?P<n>a)"}) {
    EXPECT_THROW(translate_regex(pattern, false, "test"), config::ConfigError) << pattern;
  }
}

TEST(Splitter, BehavioursPlaceTheMatches) {
  const std::string text = "--a-b--";
  EXPECT_EQ(split("-", text, SplitBehavior::kRemoved), (Parts{"a", "b"}));
  EXPECT_EQ(split("-", text, SplitBehavior::kIsolated), (Parts{"-", "-", "a", "-", "b", "-", "-"}));
  EXPECT_EQ(split("-", text, SplitBehavior::kContiguous), (Parts{"--", "a", "-", "b", "--"}));
  EXPECT_EQ(split("-", text, SplitBehavior::kMergedWithPrevious), (Parts{"-", "-", "a-", "b-", "-"}));
  EXPECT_EQ(split("-", text, SplitBehavior::kMergedWithNext), (Parts{"-", "-a", "-b", "-", "-"}));
  EXPECT_EQ(split("-", text, SplitBehavior::kRemoved, true), (Parts{"-", "-", "-", "-", "-"}));
}

TEST(Regex, CatastrophicPatternsEndWithAnError) {
  const Regex regex("(a+)+$", "test");
  EXPECT_THROW(regex.for_each_match(std::string(60, 'a') + "b", [](Span) { return true; }), std::runtime_error);
}

TEST(Regex, EmptyMatchesMoveOn) {
  Parts found;
  Regex("x*", "test").for_each_match("axx\u00E9", [&](Span span) {
    found.push_back(std::to_string(span.begin) + "-" + std::to_string(span.end));
    return true;
  });
  EXPECT_EQ(found, (Parts{"0-0", "1-3", "5-5"}));
}

TEST(Regex, QuotedTextMatchesItself) {
  const std::string text = std::string("a.b*[c]\\{d}\n") + '\0' + "^$é";
  const Regex regex(quote_for_regex(text), "test");
  int count = 0;
  regex.for_each_match(text + text, [&](Span) { return ++count > 0; });
  EXPECT_EQ(count, 2);
}

}  // namespace
}  // namespace titan::tokenizer
