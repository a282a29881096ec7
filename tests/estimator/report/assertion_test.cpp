#include "estimator/report/assertion.h"

#include <gtest/gtest.h>

#include "runtime/config/config_error.h"
#include "tests/estimator/report/sample_estimate.h"

namespace titan::estimator {
namespace {

/// small_sample() uses 83.04 GiB (89.16 GB) of device memory, 81.80 reserved, 68.90 allocated; a step takes 2.843 s, of
/// which 71.2 ms are exposed communication (2.5 %); 5,764 tokens/s, MFU 33.8 %, 333.8 TFLOP/s.
struct Case {
  const char* text;
  bool holds;
};

class AssertionHolds : public testing::TestWithParam<Case> {};

TEST_P(AssertionHolds, AsTheNumbersSay) {
  const auto [text, holds] = GetParam();
  EXPECT_EQ(check_assertion(parse_assertion(text), small_sample()).holds, holds) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Quantities, AssertionHolds,
    testing::Values(Case{"memory<84GiB", true}, Case{"memory<83GiB", false}, Case{"memory<=84GiB", true},
                    Case{"memory>84GiB", false}, Case{"memory>=83GiB", true}, Case{"memory < 89.2 GB", true},
                    Case{"memory<89.1GB", false}, Case{"memory<85100MiB", true}, Case{"memory<0.0811TiB", true},
                    Case{"memory<87_100_000KiB", true}, Case{"memory<9e10B", true}, Case{"memory<8e10 B", false},
                    Case{"reserved<81.9GiB", true}, Case{"reserved_high<83GiB", false},
                    Case{"allocated<68.91GiB", true}, Case{"allocated<68.89GiB", false},
                    Case{"tokens_per_second>=5000", true}, Case{"tokens_per_second>6000", false},
                    Case{"tokens_per_second_low>5700", false}, Case{"step_time<3s", true},
                    Case{"step_time<2800ms", false}, Case{"step_time<2900000us", true}, Case{"mfu>33%", true},
                    Case{"mfu>34", false}, Case{"tflops>330", true}, Case{"exposed_communication<80ms", true},
                    Case{"exposed_communication<3%", true}, Case{"exposed_communication<2.4%", false},
                    Case{"bubble<=0s", true}, Case{"idle<10%", true}, Case{"measured>60%", true}, Case{"fits", true},
                    Case{"  fits  ", true}));

/// One mistake and what the answer must say.
struct Mistake {
  const char* text;
  const char* answer;
};

class AssertionMistake : public testing::TestWithParam<Mistake> {};

TEST_P(AssertionMistake, IsOneClearLine) {
  const auto [text, answer] = GetParam();
  try {
    parse_assertion(text);
    FAIL() << text << " was accepted";
  } catch (const config::ConfigError& error) {
    EXPECT_EQ(std::string(error.what()), std::string("--assert: ") + answer);
  }
}

const char* const kAll =
    "memory, reserved, reserved_high, allocated, host_memory, tokens_per_second, tokens_per_second_low, step_time, "
    "mfu, "
    "tflops, exposed_communication, bubble, idle, measured, fits";

INSTANTIATE_TEST_SUITE_P(
    Texts, AssertionMistake,
    testing::Values(
        Mistake{"memory<75", "'memory<75' lacks a unit; memory takes B, KiB, MiB, GiB, TiB, KB, MB, GB or TB"},
        Mistake{"memory<75gib",
                "'memory<75gib' has the unit 'gib'; memory takes B, KiB, MiB, GiB, TiB, KB, MB, GB or TB"},
        Mistake{"memory<75%", "'memory<75%' has the unit '%'; memory takes B, KiB, MiB, GiB, TiB, KB, MB, GB or TB"},
        Mistake{"memory",
                "'memory' lacks a comparison; write memory<NUMBER, with <, <=, > or >=; unit: B, KiB, MiB, "
                "GiB, TiB, KB, MB, GB or TB"},
        Mistake{"memory<", "'memory<' needs a number after the operator, found ''"},
        Mistake{"memory<GiB", "'memory<GiB' needs a number after the operator, found 'GiB'"},
        Mistake{"memory<1.2.3GiB", "'memory<1.2.3GiB' needs a number after the operator, found '1.2.3GiB'"},
        Mistake{"memory<1e999GiB", "'memory<1e999GiB' needs a number after the operator, found '1e999GiB'"},
        Mistake{"memory<nanGiB", "'memory<nanGiB' needs a number after the operator, found 'nanGiB'"},
        Mistake{"memory<-1GiB", "'memory<-1GiB' must compare with a number of at least 0"},
        Mistake{"memory==75GiB", "'memory==75GiB' must compare with <, <=, > or >=, found '=='"},
        Mistake{"memory=75GiB", "'memory=75GiB' must compare with <, <=, > or >=, found '='"},
        Mistake{"memory=>75GiB", "'memory=>75GiB' must compare with <, <=, > or >=, found '=>'"},
        Mistake{"step_time<3%", "'step_time<3%' has the unit '%'; step_time takes s, ms or us"},
        Mistake{"step_time<3", "'step_time<3' lacks a unit; step_time takes s, ms or us"},
        Mistake{"idle<3 h", "'idle<3 h' has the unit 'h'; idle takes s, ms, us, or % of the step time"},
        Mistake{"tokens_per_second>5k", "'tokens_per_second>5k' has the unit 'k'; tokens_per_second takes no unit"},
        Mistake{"mfu>40s", "'mfu>40s' has the unit 's'; mfu takes %"},
        Mistake{"fits=true", "'fits=true' compares 'fits', which is true or false; allowed: fits"}));

TEST(AssertionMistake, NamesTheNearestQuantity) {
  const auto answer = [](const std::string& text) -> std::string {
    try {
      parse_assertion(text);
    } catch (const config::ConfigError& error) {
      return error.message();
    }
    return "";
  };
  EXPECT_EQ(answer("memry<75GiB"),
            std::string("'memry<75GiB' has no known quantity 'memry'; allowed: ") + kAll + "; did you mean 'memory'?");
  EXPECT_EQ(answer("xyzzyplugh<1"), std::string("'xyzzyplugh<1' has no known quantity 'xyzzyplugh'; allowed: ") + kAll);
  EXPECT_EQ(answer("<75GiB"), std::string("'<75GiB' must begin with a quantity; allowed: ") + kAll);
  EXPECT_EQ(answer(""), std::string("'' must begin with a quantity; allowed: ") + kAll);
  EXPECT_EQ(answer("mem\nory<1GiB").find('\n'), std::string::npos);
}

TEST(Assertion, SaysWhatWasFound) {
  EXPECT_EQ(check_assertion(parse_assertion(" memory<75GiB "), small_sample()).text, "memory<75GiB FAILS: 83.04 GiB");
  EXPECT_EQ(check_assertion(parse_assertion("fits"), large_sample()).text, "fits FAILS: does not fit");
  EXPECT_EQ(check_assertion(parse_assertion("exposed_communication<5%"), small_sample()).text,
            "exposed_communication<5% holds: 71.20 ms (2.5 % of the step)");
}

TEST(Assertion, IsOnTheFullestRole) {
  Estimate estimate = large_sample();
  estimate.memory[0].out_of_memory.reset();
  estimate.memory[5].device_used_bytes = int64_t{200} << 30;
  EXPECT_TRUE(check_assertion(parse_assertion("memory>=200GiB"), estimate).holds);
}

}  // namespace
}  // namespace titan::estimator
