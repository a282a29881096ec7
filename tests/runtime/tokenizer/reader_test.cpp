#include <gtest/gtest.h>

#include "runtime/config/config_error.h"
#include "runtime/data/tokenizer/tokenizer.h"
#include "tests/runtime/tokenizer/folder.h"

namespace titan::tokenizer {
namespace {

Json tiny_file() {
  return Json::parse(
      R"({"version": "1.0", "truncation": null, "padding": null, "normalizer": null, "pre_tokenizer": null,
    "post_processor": null, "decoder": null, "added_tokens": [],
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}})");
}

std::string error_of(const Folder& folder) {
  try {
    Tokenizer::load(folder.path());
  } catch (const config::ConfigError& error) {
    return error.what();
  }
  return "no error";
}

struct Wrong {
  const char* name;
  const char* change;   // merged into the small file; a null removes a member
  const char* message;  // part of the error
};

class WrongTokenizerJson : public testing::TestWithParam<Wrong> {};

TEST_P(WrongTokenizerJson, IsOneErrorThatNamesFileAndMember) {
  const Folder folder;
  Json file = tiny_file();
  file.merge_patch(Json::parse(GetParam().change));
  folder.write("tokenizer.json", file.dump());
  const std::string error = error_of(folder);
  EXPECT_EQ(error.find(folder.path("tokenizer.json") + ": "), 0u) << error;
  EXPECT_NE(error.find(GetParam().message), std::string::npos) << error;
  EXPECT_EQ(error.find('\n'), std::string::npos);
}

const Wrong kWrong[] = {
    {"version", R"({"version": "2.0"})", "version '2.0' is not supported, only '1.0'"},
    {"unknown_member", R"({"colour": 1})", "'colour' is not supported"},
    {"truncation", R"({"truncation": {"max_length": 5}})", "'truncation' is not supported: it must be null"},
    {"padding", R"({"padding": {}})", "'padding' is not supported"},
    {"no_model", R"({"model": null})", "'model' is missing"},
    {"model_not_an_object", R"({"model": 3})", "model must be a JSON object, found number"},
    {"unigram", R"({"model": {"type": "Unigram"}})",
     "model: model type 'Unigram' is not supported; known are BPE, WordLevel"},
    {"model_member", R"({"model": {"beam": 4}})", "model: 'beam' is not supported"},
    {"dropout", R"({"model": {"dropout": 0.1}})", "model: dropout 0.1 is not supported"},
    {"affix_and_fallback", R"({"model": {"byte_fallback": true, "end_of_word_suffix": "</w>"}})",
     "byte_fallback together with"},
    {"repeated_id", R"({"model": {"vocab": {"c": 1}}})", "id 1 is given to two tokens: 'b' and 'c'"},
    {"negative_id", R"({"model": {"vocab": {"c": -1}}})", "token 'c' has id -1; ids are 0 to"},
    {"huge_id", R"({"model": {"vocab": {"c": 18446744073709551615}}})",
     "token 'c' has id 16777216; ids are 0 to 16777215"},
    {"id_not_a_number", R"({"model": {"vocab": {"c": "x"}}})", "token 'c' needs an integer id"},
    {"vocabulary_not_an_object", R"({"model": {"vocab": ["a"]}})", "the vocabulary must be an object, found array"},
    {"empty_vocabulary", R"({"model": {"vocab": {"a": null, "b": null, "ab": null}, "merges": []}})",
     "the vocabulary is empty"},
    {"merge_of_unknown", R"({"model": {"merges": [["a", "x"]]}})",
     "model.merges[0] (\"a\", \"x\"): token 'x' is not in the vocabulary"},
    {"merge_into_unknown", R"({"model": {"merges": ["a b", "b a"]}})",
     "model.merges[1] (\"b\", \"a\"): token 'ba' is not in the vocabulary"},
    {"merge_of_three", R"({"model": {"merges": ["a b a"]}})",
     "merges[0] must be two tokens with one space between, found \"a b a\""},
    {"merge_a_number", R"({"model": {"merges": [5]}})", "merges[0] must be \"a b\" or [\"a\", \"b\"]"},
    {"unknown_unk", R"({"model": {"unk_token": "<unk>"}})", "model.unk_token '<unk>' is not in the vocabulary"},
    {"word_level_unk", R"({"model": {"type": "WordLevel", "merges": null, "unk_token": "[UNK]"}})",
     "needs its unknown token '[UNK]'"},
    {"normalizer", R"({"normalizer": {"type": "NFKC"}})",
     "normalizer: normalizer type 'NFKC' is not supported; known are Sequence"},
    {"nested_normalizer",
     R"({"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Precompiled"}]}})",
     "normalizer.normalizers[1]: normalizer type 'Precompiled'"},
    {"pre_tokenizer", R"({"pre_tokenizer": {"type": "UnicodeScripts"}})",
     "pre-tokenizer type 'UnicodeScripts' is not supported"},
    {"behaviour", R"({"pre_tokenizer": {"type": "Split", "pattern": {"String": "a"}, "behavior": "Glue"}})",
     "pre_tokenizer: behavior 'Glue' is not one of Removed, Isolated"},
    {"regex", R"({"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a"}, "behavior": "Isolated"}})",
     "regular expression '(a' does not compile: missing closing parenthesis at byte 2"},
    {"regex_construct",
     R"({"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "[a&&b]"}, "behavior": "Isolated"}})",
     "'&&' is not supported"},
    {"pattern", R"({"pre_tokenizer": {"type": "Split", "pattern": {}, "behavior": "Isolated"}})",
     "pre_tokenizer.pattern: needs either 'String' or 'Regex'"},
    {"metaspace_scheme", R"({"pre_tokenizer": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "often"}})",
     "prepend_scheme 'often' is not one of always, never, first"},
    {"metaspace_contradiction",
     R"({"pre_tokenizer": {"type": "Metaspace", "replacement": "_", "add_prefix_space": false}})",
     "add_prefix_space = false contradicts prepend_scheme 'always'"},
    {"metaspace_mark", R"({"pre_tokenizer": {"type": "Metaspace", "replacement": "__"}})",
     "'replacement' must be one character, found '__'"},
    {"byte_level_member", R"({"pre_tokenizer": {"type": "ByteLevel", "speed": 1}})",
     "pre_tokenizer: 'speed' is not supported"},
    {"decoder", R"({"decoder": {"type": "CTC"}})", "decoder: decoder type 'CTC' is not supported"},
    {"strip", R"({"decoder": {"type": "Strip", "content": " ", "start": -1, "stop": 0}})",
     "'start' must be an integer from 0 to"},
    {"template_token",
     R"({"post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}], "special_tokens": {}}})",
     "'<s>' is not among special_tokens"},
    {"template_without_text",
     R"({"post_processor": {"type": "TemplateProcessing", "single": [], "special_tokens": {}}})",
     "'single' must hold the text exactly once, found 0"},
    {"template_of_two",
     R"({"post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "B"}}], "special_tokens": {}}})",
     "can hold 'A' only, found 'B'"},
    {"processor", R"({"post_processor": {"type": "Other"}})", "post-processor type 'Other' is not supported"},
    {"added_gap", R"({"added_tokens": [{"id": 9, "content": "<s>"}]})",
     "added_tokens[0]: token '<s>' has id 9 here, but its id is 3"},
    {"added_repeats_id", R"({"added_tokens": [{"id": 1, "content": "<s>"}]})",
     "token '<s>' has id 1 here, but its id is 3"},
    {"added_empty", R"({"added_tokens": [{"id": 3, "content": ""}]})", "'content' must not be empty"},
    {"added_member", R"({"added_tokens": [{"id": 3, "content": "x", "weight": 1}]})",
     "added_tokens[0]: 'weight' is not supported"},
    {"flag", R"({"added_tokens": [{"id": 3, "content": "x", "special": "yes"}]})",
     "'special' must be true or false, found string"},
};
INSTANTIATE_TEST_SUITE_P(Table, WrongTokenizerJson, testing::ValuesIn(kWrong),
                         [](const auto& wrong) { return std::string(wrong.param.name); });

TEST(WrongTokenizerFiles, TruncatedJsonIsAnErrorAtEveryLength) {
  const Folder folder;
  const std::string text = tiny_file().dump();
  for (size_t length = 0; length < text.size(); ++length) {
    folder.write("tokenizer.json", text.substr(0, length));
    ASSERT_NE(error_of(folder).find("tokenizer.json: not valid JSON"), std::string::npos) << length;
  }
}

TEST(WrongTokenizerFiles, RepeatedMembersAreErrors) {
  const Folder folder;
  folder.write("tokenizer.json", R"({"version": "1.0", "model": {"vocab": {"a": 0, "b": 1, "a": 2}}})");
  EXPECT_NE(error_of(folder).find("member 'a' occurs twice"), std::string::npos) << error_of(folder);
}

TEST(WrongTokenizerFiles, DeepNestingIsAnError) {
  const Folder folder;
  Json part{{"type", "Fuse"}};
  for (int i = 0; i < 40; ++i) part = Json{{"type", "Sequence"}, {"decoders", Json::array({part})}};
  Json file = tiny_file();
  file["decoder"] = part;
  folder.write("tokenizer.json", file.dump());
  EXPECT_NE(error_of(folder).find("sequences are nested deeper than 16"), std::string::npos);
}

TEST(WrongTokenizerFiles, MergesLinesAreCheckedByNumber) {
  const Folder folder;
  folder.write("vocab.json", R"({"a": 0, "b": 1, "ab": 2})");
  folder.write("merges.txt", "#version: 0.2\na b\nab\n");
  EXPECT_EQ(error_of(folder), folder.path("merges.txt") + ":3: must be two tokens with one space between");
}

TEST(WrongTokenizerFiles, ConfigIsCheckedToo) {
  const Folder folder;
  folder.write("tokenizer.json", tiny_file().dump());
  const auto error = [&](const char* text) {
    folder.write("tokenizer_config.json", text);
    return error_of(folder);
  };
  const std::string file = folder.path("tokenizer_config.json") + ": ";
  EXPECT_EQ(error(R"([])"), file + "the file must be a JSON object, found array");
  EXPECT_EQ(error(R"({"bos_token": ""})"), file + "'bos_token' must not be empty");
  EXPECT_EQ(error(R"({"bos_token": {}})"), file + "bos_token: 'content' is missing");
  EXPECT_EQ(error(R"({"eos_token": 3})"), file + "eos_token must be a JSON object, found number");
  EXPECT_EQ(error(R"({"added_tokens_decoder": {"x": {"content": "a"}}})"),
            file + "added_tokens_decoder: 'x' must be a token id");
  EXPECT_EQ(error(R"({"add_bos_token": 1})"), file + "'add_bos_token' must be true or false, found number");
}

TEST(TokenizerFolder, TakesTheFirstKindOfFilesThere) {
  const Folder folder;
  folder.write("vocab.txt", "[UNK]\nhello world\n\nbye\n");
  const Tokenizer words = Tokenizer::load(folder.path());
  EXPECT_EQ(words.parts().model->name(), "WordLevel");
  EXPECT_EQ(words.encode("hello world", false, false), std::vector<int32_t>{1});
  EXPECT_EQ(words.encode("bye", false, false), std::vector<int32_t>{3});
  EXPECT_EQ(words.encode("what", false, false), std::vector<int32_t>{0});
  EXPECT_EQ(words.vocab_size(), 4);
  folder.write("vocab.json", R"({"a": 0, "b": 1, "ab": 2, "#": 3, "##": 4})");
  // Only a version line is a comment: "# #" is a merge.
  folder.write("merges.txt", "#version: 0.2\na b\n# #\n");
  const Tokenizer plain = Tokenizer::load(folder.path());
  EXPECT_EQ(plain.encode("ab##", false, false), (std::vector<int32_t>{2, 4}));
  folder.write("tokenizer.json", tiny_file().dump());
  EXPECT_EQ(Tokenizer::load(folder.path()).parts().model->vocabulary().size(), 3u);
}

TEST(TokenizerFolder, WithoutTokenizerListsTheFilesPresent) {
  const Folder folder;
  EXPECT_EQ(error_of(folder),
            "model.hf_assets_path: no tokenizer in '" + folder.path() +
                "': expected tokenizer.json, or vocab.json or vocab.txt with merges.txt; files present: none");
  folder.write("config.json", "{}");
  folder.write("tokenizer.model", "x");
  const std::string error = error_of(folder);
  EXPECT_NE(error.find("files present: config.json, tokenizer.model; a SentencePiece tokenizer.model is not read"),
            std::string::npos)
      << error;
}

TEST(TokenizerFolder, MustBeAFolder) {
  try {
    Tokenizer::load("/nowhere/at/all");
    FAIL();
  } catch (const config::ConfigError& error) {
    EXPECT_EQ(error.where(), "model.hf_assets_path");
    EXPECT_NE(error.message().find("'/nowhere/at/all' is not a folder"), std::string::npos);
  }
}

TEST(TokenizerJson, OldestFormWithoutTypeIsBpe) {
  const Folder folder;
  Json file = tiny_file();
  file["model"].erase("type");
  folder.write("tokenizer.json", file.dump());
  EXPECT_EQ(Tokenizer::load(folder.path()).encode("ab", false, false), std::vector<int32_t>{2});
}

}  // namespace
}  // namespace titan::tokenizer
