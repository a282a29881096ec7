#include "cli/tokenizer_command.h"

#include <gtest/gtest.h>

#include <iterator>
#include <sstream>

#include "runtime/config/config_error.h"
#include "tests/runtime/tokenizer/folder.h"

namespace titan::cli {
namespace {

struct Outcome {
  int status = 0;
  std::string output;
  std::string error;
};

Outcome run(std::vector<std::string> words) {
  words.insert(words.begin(), "tokenizer");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  Outcome outcome;
  testing::internal::CaptureStdout();
  try {
    outcome.status = tokenizer_command(static_cast<int>(arguments.size()), arguments.data());
  } catch (const config::ConfigError& error) {
    outcome.status = 2;
    outcome.error = error.what();
  }
  outcome.output = testing::internal::GetCapturedStdout();
  return outcome;
}

class TokenizerCommand : public testing::Test {
 protected:
  TokenizerCommand() { folder_.write("text.txt", "low low low low low lowest lowest newer newer newer\n"); }

  Outcome train(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"train",    "--input",          folder_.path("text.txt"), "--vocab-size=264",
                                   "--output", folder_.path("out")};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

  tokenizer::Folder folder_;
};

TEST_F(TokenizerCommand, TrainedTokenizerEncodesAndDecodes) {
  const Outcome trained = train();
  EXPECT_EQ(trained.status, 0);
  EXPECT_EQ(trained.output, folder_.path("out") + ": 264 tokens, 6 merges\n");
  const Outcome encoded = run({"encode", "--tokenizer", folder_.path("out"), "--text", " low!", "--bos", "--eos"});
  // " low" occurs 4 + 2 times and "low" once: lo, low, and then the space joins; "!" is the first byte behind two
  // special tokens.
  EXPECT_EQ(encoded.output.substr(0, 2), "0 ");
  EXPECT_EQ(encoded.output.substr(encoded.output.size() - 5), " 2 1\n");
  std::vector<std::string> decode{"decode", "--tokenizer=" + folder_.path("out"), "--ids"};
  std::istringstream ids(encoded.output);
  for (std::string id; ids >> id;) decode.push_back(id);
  EXPECT_EQ(run(decode).output, " low!\n");
  decode.push_back("--special");
  EXPECT_EQ(run(decode).output, "<|begin_of_text|> low!<|end_of_text|>\n");
}

TEST_F(TokenizerCommand, InspectAndTokensShowWhatIsThere) {
  train({"--bos-token", "<s>", "--eos-token", "<s>", "--special-token", "<pad>", "<x>"});
  const std::string text = run({"inspect", "--tokenizer", folder_.path("out")}).output;
  EXPECT_NE(text.find("model         BPE, 264 tokens, 5 merges\n"), std::string::npos) << text;
  EXPECT_NE(text.find("bos           0 \"<s>\"\neos           0 \"<s>\"\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  2 \"<x>\" special\n"), std::string::npos) << text;
  EXPECT_EQ(run({"encode", "--tokenizer", folder_.path("out"), "--text", "<x>!", "--tokens"}).output,
            "2\t\"<x>\"\n3\t\"!\"\n");
}

TEST_F(TokenizerCommand, TrainingTwiceWritesTheSameBytes) {
  const auto content = [&] {
    std::ifstream file(folder_.path("out/tokenizer.json"), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  train();
  const std::string first = content();
  train();
  EXPECT_EQ(content(), first);
  EXPECT_FALSE(first.empty());
}

TEST_F(TokenizerCommand, SaysWhenTheTextIsTooShortForTheVocabulary) {
  EXPECT_NE(train({"--vocab_size", "5000"}).output.find("fewer than --vocab-size 5000"), std::string::npos);
}

TEST_F(TokenizerCommand, HelpNamesEveryVerbAndFlag) {
  const Outcome help = run({"--help"});
  EXPECT_EQ(help.status, 0);
  for (const char* word :
       {"train", "encode", "decode", "inspect", "--input", "--vocab-size", "--output", "--field", "--pattern",
        "--min-frequency", "--bos-token", "--eos-token", "--special-token", "--tokenizer", "--ids", "--tokens"}) {
    EXPECT_NE(help.output.find(word), std::string::npos) << word;
  }
}

TEST_F(TokenizerCommand, MistakesAreOneLineEach) {
  train();
  const std::string out = folder_.path("out");
  EXPECT_EQ(run({"trian"}).error, "titan tokenizer: 'trian' is not one of train, encode, decode, inspect");
  EXPECT_EQ(run({"train", "--output", "x"}).error, "--vocab-size: is required");
  EXPECT_EQ(run({"train", "--output", "x", "--vocab-size", "300"}).error, "--input: is required");
  EXPECT_EQ(run({"train", "--vocab-size", "many", "--output", "x"}).error,
            "--vocab-size: must be an integer of at least 1, found 'many'");
  EXPECT_EQ(run({"train", "--vocab-size", "9", "--output", "x", "--input", "y"}).error.substr(0, 31),
            "--vocab-size: 9 is not possible");
  EXPECT_EQ(run({"train", "--vocab-size", "300", "--output", "x", "--input", "/none.txt"}).error,
            "/none.txt: cannot be opened");
  EXPECT_EQ(train({"--pattern", "(a"}).error.substr(0, 11), "--pattern: ");
  EXPECT_EQ(run({"inspect", "--colour"}).error, "--colour: unknown flag; known are --tokenizer");
  EXPECT_EQ(run({"inspect", "here"}).error, "titan tokenizer: 'here' belongs to no flag; known are --tokenizer");
  EXPECT_EQ(run({"encode", "--tokenizer", out, "--text"}).error, "--text: needs a value");
  EXPECT_EQ(run({"encode", "--tokenizer", out, "--text", "a", "b"}).error,
            "--text: takes one value, found 'a' and 'b'");
  EXPECT_EQ(run({"encode", "--tokenizer", out, "--text", "a", "--bos=1"}).error, "--bos: takes no value, found '1'");
  EXPECT_EQ(run({"decode", "--tokenizer", out, "--ids", "x"}).error, "--ids: 'x' is not an id");
  EXPECT_EQ(run({"decode", "--tokenizer", out, "--ids", "264"}).error,
            "--ids: 264 is not an id of this tokenizer; ids are below 264");
}

}  // namespace
}  // namespace titan::cli
