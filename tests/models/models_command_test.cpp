#include "cli/models_command.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace titan::cli {
namespace {

TEST(ModelsCommand, PrintsSizesAsJson) {
  std::ostringstream out;
  print_models({.json = true, .seq_len = 8192}, out);
  const auto list = nlohmann::json::parse(out.str());
  const auto llama3_8b = std::find_if(
      list.begin(), list.end(), [](const auto& model) { return model["name"] == "llama3" && model["flavor"] == "8B"; });
  ASSERT_NE(llama3_8b, list.end());
  EXPECT_EQ((*llama3_8b)["num_parameters"], 8030261248);
  EXPECT_EQ((*llama3_8b)["flops_per_token"], 57914449920);
  EXPECT_EQ((*llama3_8b)["seq_len"], 8192);
}

TEST(ModelsCommand, PrintsOneLinePerFlavor) {
  std::ostringstream out;
  print_models({}, out);
  std::istringstream lines(out.str());
  std::string line;
  int num_lines = 0;
  while (std::getline(lines, line)) ++num_lines;
  EXPECT_EQ(num_lines, 1 + 8 + 1);  // header, 5 flavors of llama3 and 3 of llama2, footer
  EXPECT_NE(out.str().find("debugmodel          6163712        71585280"), std::string::npos) << out.str();
}

}  // namespace
}  // namespace titan::cli
