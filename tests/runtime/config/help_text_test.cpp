#include "runtime/config/help_text.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "runtime/config/find_file.h"
#include "tests/runtime/config/test_job.h"

namespace titan::config {
namespace {

const std::string kGolden = std::string(TITAN_SOURCE_DIR) + "/tests/golden/config_help.txt";

// TITAN_REGENERATE_GOLDEN=1 build/<preset>/bin/config_test --gtest_filter='HelpText.*' writes the file anew: review its
// diff.
TEST(HelpText, IsTheGoldenText) {
  JobConfig config;
  Schema schema;
  declare(schema, config);
  const std::string text = help_text(schema);
  if (std::getenv("TITAN_REGENERATE_GOLDEN")) std::ofstream(kGolden) << text;
  EXPECT_EQ(text, read_file("golden", kGolden));
}

TEST(HelpText, ShowsEveryKeyWithTypeDefaultAndMeaning) {
  TestJob job;
  const std::string text = help_text(job.schema);
  for (const auto& section : job.schema.sections()) {
    EXPECT_NE(text.find("[" + section.name() + "]  " + section.meaning()), std::string::npos);
    for (const auto& field : section.fields()) {
      EXPECT_FALSE(field.meaning().empty()) << field.key();
      EXPECT_NE(text.find("\n  --" + field.key()), std::string::npos) << field.key();
    }
  }
  EXPECT_NE(text.find("--hardware.gpu, --hardware  str"), std::string::npos);
}

}  // namespace
}  // namespace titan::config
