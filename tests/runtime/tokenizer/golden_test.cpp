// Ids and texts recorded from the Python package `tokenizers` by validate/tokenizer_golden.py, which regenerates them
// and explains each variant. TITAN_TOKENIZER_GOLDEN names another folder of recordings, for instance one with many
// random texts.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "runtime/data/tokenizer/json_object.h"
#include "runtime/data/tokenizer/tokenizer.h"

namespace titan::tokenizer {
namespace {

std::string golden_folder() {
  const char* other = std::getenv("TITAN_TOKENIZER_GOLDEN");
  return other ? other : TITAN_SOURCE_DIR "/tests/golden/tokenizer";
}

class Golden : public testing::TestWithParam<const char*> {
 protected:
  std::string folder_ = golden_folder() + "/" + GetParam();
  std::vector<std::string> texts_ = read_json_file(golden_folder() + "/texts.json").get<std::vector<std::string>>();
  Json recorded_ = read_json_file(folder_ + "/ids.json");
  Tokenizer tokenizer_ = Tokenizer::load(folder_);
};

TEST_P(Golden, IdsEqualThePackages) {
  ASSERT_GE(texts_.size(), 100u);
  for (size_t i = 0; i < texts_.size(); ++i) {
    ASSERT_EQ(tokenizer_.encode(texts_[i], false, false), recorded_["ids"][i].get<std::vector<int32_t>>())
        << "text " << i << ": " << Json(texts_[i]);
  }
}

TEST_P(Golden, DecodedTextsEqualThePackages) {
  const Json& decoded = recorded_["decoded"];
  for (size_t i = 0; i < texts_.size(); ++i) {
    const auto ids = recorded_["ids"][i].get<std::vector<int32_t>>();
    const std::string key = std::to_string(i);
    const std::string expected = decoded.contains(key) ? decoded[key].get<std::string>() : texts_[i];
    ASSERT_EQ(tokenizer_.decode(ids, false), expected) << "text " << i << ": " << Json(texts_[i]);
  }
}

TEST_P(Golden, TemplateAndVocabularySizeEqualThePackages) {
  EXPECT_EQ(tokenizer_.encode("x", true, true), recorded_["with_special"].get<std::vector<int32_t>>());
  EXPECT_EQ(tokenizer_.vocab_size(), recorded_["vocab_size"].get<int64_t>());
}

TEST_P(Golden, ThreadsEncodingTogetherGetTheSameIds) {
  std::vector<std::thread> threads;
  std::vector<int> mismatches(4, 0);
  for (size_t t = 0; t < mismatches.size(); ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = t; i < texts_.size(); ++i) {
        const bool equal =
            tokenizer_.encode(texts_[i], false, false) == recorded_["ids"][i].get<std::vector<int32_t>>();
        mismatches[t] += !equal;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(mismatches, std::vector<int>(4, 0));
}

INSTANTIATE_TEST_SUITE_P(Variants, Golden,
                         testing::Values("gpt2", "gpt2_plain", "llama3", "llama2", "metaspace", "unknowns", "clip",
                                         "added", "decomposed"),
                         [](const auto& variant) { return std::string(variant.param); });

}  // namespace
}  // namespace titan::tokenizer
