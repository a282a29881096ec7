#include <gtest/gtest.h>
#include <zlib.h>

#include <map>
#include <random>

#include "runtime/config/config_error.h"
#include "runtime/data/tokenizer/bpe_trainer.h"
#include "runtime/data/tokenizer/json_object.h"
#include "runtime/data/tokenizer/text_files.h"
#include "runtime/data/tokenizer/tokenizer.h"
#include "runtime/data/tokenizer/tokenizer_writer.h"
#include "runtime/data/tokenizer/utf8.h"
#include "tests/runtime/tokenizer/folder.h"

namespace titan::tokenizer {
namespace {

using Parts = std::vector<std::string>;

std::vector<std::string> merged_tokens(const TrainedBpe& bpe) {
  std::vector<std::string> tokens;
  for (const MergeRule& merge : bpe.merges) tokens.push_back(merge.left + "+" + merge.right);
  return tokens;
}

// "low" x5, "lowest" x2, "newer" x6, "wider" x3. Pairs: er 9, we 8, lo 7, ow 7, ne 6, ew 6, the rest at most 3. After
// er: lo and ow 7 each, lo has the smaller first id; then lo+w 7; then n+e, e+w and w+er 6 each, e has the smallest id;
// then n+ew and ew+er 6 each, and n is a byte while ew was made later; then new+er.
TEST(TrainBpe, MergesTheMostFrequentPairFirst) {
  const WordCounts words{{"low", 5}, {"lowest", 2}, {"newer", 6}, {"wider", 3}};
  const TrainedBpe bpe = train_bpe(words, {.vocab_size = 2 + 256 + 6});
  EXPECT_EQ(merged_tokens(bpe), (Parts{"e+r", "l+o", "lo+w", "e+w", "n+ew", "new+er"}));
  EXPECT_EQ(bpe.tokens[0], "<|begin_of_text|>");
  EXPECT_EQ(bpe.tokens[1], "<|end_of_text|>");
  EXPECT_EQ(bpe.tokens[2], "!");
  EXPECT_EQ(bpe.tokens.back(), "newer");
}

// Counts everything anew for each merge.
std::vector<MergeRule> train_naively(const WordCounts& counts, int64_t num_merges, int64_t min_frequency) {
  const TrainedBpe start = train_bpe({}, {.vocab_size = 256, .special_tokens = {}});
  std::map<std::string, int> ids;
  for (const std::string& token : start.tokens) ids.emplace(token, static_cast<int>(ids.size()));
  std::vector<std::pair<Parts, int64_t>> words;
  for (const auto& [word, count] : counts) {
    Parts symbols;
    for (const char byte : word) symbols.emplace_back(1, byte);
    words.emplace_back(symbols, count);
  }
  std::vector<MergeRule> merges;
  while (static_cast<int64_t>(merges.size()) < num_merges) {
    std::map<std::pair<int, int>, std::pair<int64_t, MergeRule>> pairs;
    for (const auto& [symbols, count] : words) {
      for (size_t i = 0; i + 1 < symbols.size(); ++i) {
        auto& [total, rule] = pairs[{ids.at(symbols[i]), ids.at(symbols[i + 1])}];
        total += count;
        rule = {symbols[i], symbols[i + 1]};
      }
    }
    std::pair<int64_t, MergeRule> best{0, {}};
    for (const auto& [pair, entry] : pairs) {
      if (entry.first > best.first) best = entry;
    }
    if (best.first < min_frequency) break;
    const auto& [left, right] = best.second;
    merges.push_back(best.second);
    ids.emplace(left + right, static_cast<int>(ids.size()));
    for (auto& [symbols, count] : words) {
      for (size_t i = 0; i + 1 < symbols.size(); ++i) {
        if (symbols[i] != left || symbols[i + 1] != right) continue;
        symbols[i] += right;
        symbols.erase(symbols.begin() + static_cast<long>(i) + 1);
      }
    }
  }
  return merges;
}

TEST(TrainBpe, EqualsCountingAllPairsAnew) {
  std::mt19937 random(11);
  for (int round = 0; round < 30; ++round) {
    WordCounts words;
    const unsigned letters = 1 + random() % 4;  // few letters: many overlapping repetitions such as "aaaa"
    for (int w = 0; w < 40; ++w) {
      std::string word(1 + random() % 12, '\0');
      for (char& c : word) c = static_cast<char>('a' + random() % letters);
      words[word] += 1 + random() % 5;
    }
    const int64_t min_frequency = 1 + random() % 3;
    const TrainedBpe bpe =
        train_bpe(words, {.vocab_size = 256 + 40, .special_tokens = {}, .min_frequency = min_frequency});
    const std::vector<MergeRule> expected =
        train_naively(words, static_cast<int64_t>(bpe.merges.size()), min_frequency);
    ASSERT_EQ(bpe.merges.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(bpe.merges[i].left + "+" + bpe.merges[i].right, expected[i].left + "+" + expected[i].right) << i;
    }
  }
}

TEST(TrainBpe, EqualsThePackagesTrainer) {
  const Json recorded = read_json_file(TITAN_SOURCE_DIR "/tests/golden/tokenizer/trained.json");
  WordCounter words(kLlama3Pattern);
  for (const Json& line : recorded["corpus"]) words.add(line.get<std::string>());
  const TrainedBpe bpe =
      train_bpe(words.counts(), {.vocab_size = recorded["vocab_size"].get<int64_t>(), .min_frequency = 1});
  EXPECT_EQ(bpe.tokens, recorded["tokens"].get<Parts>());
  ASSERT_EQ(bpe.merges.size(), recorded["merges"].size());
  for (size_t i = 0; i < bpe.merges.size(); ++i) {
    EXPECT_EQ((Parts{bpe.merges[i].left, bpe.merges[i].right}), recorded["merges"][i].get<Parts>()) << i;
  }
}

TEST(TrainBpe, StopsWhenNoPairIsFrequentEnough) {
  const TrainedBpe bpe = train_bpe({{"ab", 2}, {"cd", 1}}, {.vocab_size = 1000});
  EXPECT_EQ(merged_tokens(bpe), Parts{"a+b"});
}

TEST(TrainBpe, RefusesImpossibleOptions) {
  const auto error = [](TrainOptions options) -> std::string {
    try {
      train_bpe({}, options);
    } catch (const config::ConfigError& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_EQ(error({.vocab_size = 257}),
            "--vocab-size: 257 is not possible: special tokens and bytes are 258, the most is 16777216");
  EXPECT_EQ(error({.vocab_size = 300, .special_tokens = {"x y", "x y"}}),
            "--special-token: 'x y' is in the vocabulary already");
  EXPECT_EQ(error({.vocab_size = 300, .special_tokens = {"a"}}), "--special-token: 'a' is in the vocabulary already");
  EXPECT_EQ(error({.vocab_size = 300, .special_tokens = {""}}), "--special-token: must be a text that is not empty");
}

TEST(WriteTokenizer, IsReadBackAndGivesTextsBack) {
  const Folder folder;
  WordCounter words(kLlama3Pattern);
  words.add("the lighthouse keeper counted the ships; the ships passed the lighthouse");
  TrainOptions options{.vocab_size = 280};
  const TokenizerFiles files{.bpe = train_bpe(words.counts(), options),
                             .pattern = kLlama3Pattern,
                             .special_tokens = options.special_tokens,
                             .bos_token = options.special_tokens[0],
                             .eos_token = options.special_tokens[1]};
  write_tokenizer(files, folder.path("new/folder"));
  const Tokenizer tokenizer = Tokenizer::load(folder.path("new/folder"));
  EXPECT_EQ(tokenizer.vocab_size(), static_cast<int64_t>(files.bpe.tokens.size()));
  EXPECT_EQ(tokenizer.bos_id(), 0);
  EXPECT_EQ(tokenizer.eos_id(), 1);
  const std::vector<int32_t> ids = tokenizer.encode("the ships, é!", true, true);
  EXPECT_EQ(ids.front(), 0);
  EXPECT_EQ(ids.back(), 1);
  EXPECT_EQ(tokenizer.decode(ids), "the ships, é!");
  EXPECT_TRUE(tokenizer.parts().notices.empty());
  for (const auto& entry : std::filesystem::directory_iterator(folder.path("new/folder"))) {
    EXPECT_EQ(entry.path().extension(), ".json");  // no temporary file is left
  }
}

Parts texts_of(const std::string& path) {
  Parts texts;
  for_each_text(path, "text", [&](std::string_view text) { texts.emplace_back(text); });
  return texts;
}

TEST(ForEachText, ReadsLinesOfJsonAndWholeTexts) {
  const Folder folder;
  folder.write("a.jsonl", "{\"text\": \"one\\n\"}\n\n{\"id\": 2, \"text\": \"two\"}");
  folder.write("b.txt", "one\n two\n");
  EXPECT_EQ(texts_of(folder.path("a.jsonl")), (Parts{"one\n", "two"}));
  EXPECT_EQ(texts_of(folder.path("b.txt")), (Parts{"one\n two\n"}));
  const gzFile file = gzopen(folder.path("c.json.gz").c_str(), "wb");
  gzputs(file, "{\"text\": \"packed\"}\n");
  gzclose(file);
  EXPECT_EQ(texts_of(folder.path("c.json.gz")), Parts{"packed"});
}

TEST(ForEachText, CutsLargeTextsWhereWordsEnd) {
  const Folder folder;
  std::string text;
  for (int i = 0; text.size() < (9 << 20); ++i)
    text += i % 3 ? "  a line of text\n\n" : "Another line, number 12345\r\n";
  folder.write("large.txt", text);
  const Parts pieces = texts_of(folder.path("large.txt"));
  EXPECT_GE(pieces.size(), 2u);
  std::string whole;
  WordCounter in_pieces(kLlama3Pattern);
  for (const std::string& piece : pieces) {
    whole += piece;
    in_pieces.add(piece);
  }
  WordCounter at_once(kLlama3Pattern);
  at_once.add(text);
  EXPECT_EQ(whole, text);
  EXPECT_EQ(in_pieces.counts(), at_once.counts());
}

TEST(ForEachText, NamesFileAndLineOfWhatIsDamaged) {
  const Folder folder;
  const auto error = [&](const std::string& name) -> std::string {
    try {
      texts_of(folder.path(name));
    } catch (const config::ConfigError& e) {
      return std::string(e.what()).substr(folder.path().size());
    }
    return "no error";
  };
  folder.write("a.jsonl", "{\"text\": \"x\"}\n{\"text\": ");
  folder.write("b.jsonl", "{\"words\": \"x\"}\n");
  EXPECT_EQ(error("a.jsonl"), "a.jsonl:2: not a JSON object on one line");
  EXPECT_EQ(error("b.jsonl"), "b.jsonl:1: has no text in 'text'");
  EXPECT_EQ(error("none.txt"), "none.txt: cannot be opened");
  const gzFile file = gzopen(folder.path("c.txt.gz").c_str(), "wb");
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) gzputs(file, std::to_string(random()).c_str());
  gzclose(file);
  std::filesystem::resize_file(folder.path("c.txt.gz"), std::filesystem::file_size(folder.path("c.txt.gz")) / 2);
  EXPECT_EQ(error("c.txt.gz"), "c.txt.gz: cannot be read: the compressed file is cut off");
}

}  // namespace
}  // namespace titan::tokenizer
