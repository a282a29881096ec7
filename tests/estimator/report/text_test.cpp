#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "estimator/report/quantity_text.h"
#include "estimator/report/text_layout.h"

namespace titan::estimator {
namespace {

TEST(BytesText, TakesTheLargestUnitThatKeepsOneBeforeThePoint) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1,023 B");
  EXPECT_EQ(bytes_text(1024), "1.00 KiB");
  EXPECT_EQ(bytes_text(1536 << 10), "1.50 MiB");
  EXPECT_EQ(bytes_text(int64_t{73} << 30), "73.00 GiB");
  EXPECT_EQ(bytes_text(int64_t{5} << 40), "5.00 TiB");
  EXPECT_EQ(bytes_text(-(int64_t{3} << 29)), "-1.50 GiB");
  EXPECT_EQ(bytes_text(std::numeric_limits<int64_t>::max()), "8,388,608.0 TiB");
}

TEST(BytesText, NeverPrintsAThousandTwentyFourOfAUnit) {
  EXPECT_EQ(bytes_text((int64_t{1} << 30) - 1), "1.00 GiB");
  EXPECT_EQ(bytes_text((int64_t{1} << 30) - (1 << 20)), "1,023.0 MiB");
}

TEST(SecondsText, KeepsFourDigitsOfAnySize) {
  EXPECT_EQ(seconds_text(0.0), "0 s");
  EXPECT_EQ(seconds_text(12.3e-6), "12.30 us");
  EXPECT_EQ(seconds_text(0.8432), "843.2 ms");
  EXPECT_EQ(seconds_text(0.99996), "1.000 s");
  EXPECT_EQ(seconds_text(2.8434), "2.843 s");
  EXPECT_EQ(seconds_text(99.996), "100.0 s");
  EXPECT_EQ(seconds_text(12345.6), "12,346 s");
  EXPECT_EQ(seconds_text(-0.25), "-250.0 ms");
}

TEST(QuantityText, OfAColumnHasOneUnit) {
  EXPECT_EQ(bytes_text(int64_t{5} << 20, int64_t{7} << 30), "< 0.01 GiB");
  EXPECT_EQ(bytes_text(int64_t{60} << 20, int64_t{7} << 30), "0.06 GiB");
  EXPECT_EQ(bytes_text(0, int64_t{7} << 30), "0.00 GiB");
  EXPECT_EQ(bytes_text(-(int64_t{7} << 30), int64_t{7} << 30), "-7.00 GiB");
  EXPECT_EQ(bytes_text(12, 600), "12 B");
  EXPECT_EQ(seconds_text(0.0008, 12.0), "0.001 s");
  EXPECT_EQ(seconds_text(0.0004, 12.0), "< 0.001 s");
  EXPECT_EQ(seconds_text(0.0004, 0.012), "0.400 ms");
}

TEST(RateText, KeepsFourDigits) {
  EXPECT_EQ(rate_text(5762.4), "5,762");
  EXPECT_EQ(rate_text(99.52), "99.52");
  EXPECT_EQ(rate_text(0.4821), "0.482");
  EXPECT_EQ(rate_text(1234567.8), "1,234,568");
}

TEST(ShareText, SaysThatSomethingSmallIsThere) {
  EXPECT_EQ(share_text(0.0), "0.0 %");
  EXPECT_EQ(share_text(0.0004), "< 0.1 %");
  EXPECT_EQ(share_text(0.0006), "0.1 %");
  EXPECT_EQ(share_text(1.0), "100.0 %");
}

TEST(CountText, WritesModelSizesAsTheyAreSpoken) {
  EXPECT_EQ(count_text(6163712), "6.16M");
  EXPECT_EQ(count_text(8030261248), "8.03B");
  EXPECT_EQ(count_text(405853388800), "405.9B");
  EXPECT_EQ(count_text(999960000), "1.00B");
  EXPECT_EQ(count_text(12), "12");
}

TEST(Layout, CountsCharactersNotBytes) {
  EXPECT_EQ(display_width("größe…"), 6u);
  EXPECT_EQ(left("é", 3), "é  ");
  EXPECT_EQ(right("é", 3), "  é");
}

TEST(Layout, CutsTextAtItsWidth) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdefg", 6), "abcde…");
  EXPECT_EQ(shortened("ééééé", 3), "éé…");
  EXPECT_EQ(shortened_middle("abcdefg", 7), "abcdefg");
  EXPECT_EQ(shortened_middle("abcdefgh", 5), "ab…gh");
  EXPECT_EQ(shortened_middle("abcdefgh", 1), "…");
}

TEST(Layout, WrapsBetweenWordsAndCutsLongOnes) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(wrapped("aa bb cc", 5), (Lines{"aa bb", "cc"}));
  EXPECT_EQ(wrapped("abcdefghij kl", 4), (Lines{"abcd", "efgh", "ij", "kl"}));
  EXPECT_EQ(wrapped("", 4), (Lines{""}));
  EXPECT_EQ(wrapped(unbroken("aa bb") + " cc", 5), (Lines{"aa bb", "cc"}));
  EXPECT_EQ(wrapped("cc " + unbroken("aa bb"), 5), (Lines{"cc", "aa bb"}));
  EXPECT_EQ(wrapped("a\nb", 10), (Lines{"a\\x0ab"}));
}

TEST(Bar, GrowsWithTheShareAndStaysInItsWidth) {
  EXPECT_EQ(bar(0.0, 10), "");
  EXPECT_EQ(bar(1e-9, 10), "▏");
  EXPECT_EQ(bar(0.5, 10), "█████");
  EXPECT_EQ(bar(1.7, 4), "████");
  EXPECT_EQ(bar(std::nan(""), 4), "");
}

}  // namespace
}  // namespace titan::estimator
