// A process of the running program: here, of this test.
#include "cli/own_child.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace titan::cli {
namespace {

ChildOutcome run_test(const std::string& name) {
  return run_own_child({"--gtest_also_run_disabled_tests", "--gtest_filter=" + name}, testing::TempDir());
}

// What the child does.
TEST(OwnChild, DISABLED_ComplainsAndFails) {
  std::fputs("\nwhat is wrong\nand more\n", stderr);
  std::fflush(stderr);
  _exit(3);
}
TEST(OwnChild, DISABLED_BelongsToNoWorld) {
  for (const char* name : {"NGPU", "COMM_MODE", "RANK"}) EXPECT_EQ(getenv(name), nullptr) << name;
  EXPECT_STREQ(getenv("TITAN_TEST_KEPT"), "yes");
}

TEST(OwnChild, GivesStatusAndTheFirstLineOfItsComplaint) {
  const auto outcome = run_test("OwnChild.DISABLED_ComplainsAndFails");
  EXPECT_EQ(outcome.exit.status, 3);
  EXPECT_EQ(outcome.error, "what is wrong");
}

TEST(OwnChild, InheritsTheEnvironmentButForTheWorld) {
  for (const char* name : {"NGPU", "COMM_MODE", "RANK"}) setenv(name, "8", 1);
  setenv("TITAN_TEST_KEPT", "yes", 1);
  const auto outcome = run_test("OwnChild.DISABLED_BelongsToNoWorld");
  for (const char* name : {"NGPU", "COMM_MODE", "RANK", "TITAN_TEST_KEPT"}) unsetenv(name);
  EXPECT_EQ(outcome.exit.status, 0);
  EXPECT_EQ(outcome.error, "");
}

}  // namespace
}  // namespace titan::cli
