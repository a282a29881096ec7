#include <gtest/gtest.h>

#include <random>

#include "runtime/config/config_error.h"
#include "runtime/data/tokenizer/bpe_merge.h"
#include "runtime/data/tokenizer/bpe_trainer.h"
#include "runtime/data/tokenizer/tokenizer.h"
#include "runtime/data/tokenizer/unicode_form.h"
#include "runtime/data/tokenizer/utf8.h"
#include "tests/runtime/tokenizer/folder.h"

namespace titan::tokenizer {
namespace {

using Ids = std::vector<int32_t>;

const std::string kGolden = TITAN_SOURCE_DIR "/tests/golden/tokenizer/";

// Byte-level, ids 0..3: a b ab and the two words that only added tokens know.
std::string tiny_json(const std::string& changes = "{}") {
  Json file =
      Json::parse(R"({"version": "1.0", "truncation": null, "padding": null, "normalizer": null, "pre_tokenizer": null,
    "post_processor": null, "decoder": {"type": "Fuse"}, "added_tokens": [],
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}})");
  file.merge_patch(Json::parse(changes));
  return file.dump();
}

std::string random_text(std::mt19937& random, size_t num_chars) {
  std::string text;
  while (num_chars-- > 0) {
    const char32_t limit = random() % 4 == 0 ? 0x110000 : random() % 2 == 0 ? 0x80 : 0x3000;
    const char32_t value = random() % limit;
    append_char(value >= 0xD800 && value < 0xE000 ? U' ' : value, text);
  }
  return text;
}

TEST(ByteLevelTokenizer, GivesBackEveryText) {
  std::mt19937 random(3);
  for (const char* variant : {"gpt2_plain", "llama3", "added"}) {
    const Tokenizer tokenizer = Tokenizer::load(kGolden + variant);
    for (size_t i = 0; i < 300; ++i) {
      const std::string text = random_text(random, i % 60);
      ASSERT_EQ(tokenizer.decode(tokenizer.encode(text, true, true)), text) << variant;
    }
  }
}

TEST(ByteLevelTokenizer, ReadsBrokenUtf8AsReplacementCharacters) {
  const Tokenizer tokenizer = Tokenizer::load(kGolden + "llama3");
  const auto same = [&](const std::string& broken, const std::string& replaced) {
    EXPECT_EQ(tokenizer.encode(broken, false, false), tokenizer.encode(replaced, false, false)) << replaced;
  };
  // Each maximal part that begins a well-formed sequence counts once, other bytes count one by one (Unicode 15,
  // section 3.9).
  same("a\x80z", "a\uFFFDz");
  same("a\xE6\xB5", "a\uFFFD");
  same("\xF0\x9F\x99 x", "\uFFFD x");
  same("\xC0\xAF", "\uFFFD\uFFFD");
  same("\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD");
  same("\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST(ByteLevelTokenizer, EveryByteStringIsEncodedWithoutHarm) {
  std::mt19937 random(5);
  for (const char* variant : {"gpt2", "llama3", "llama2", "metaspace", "clip", "decomposed", "unknowns", "added"}) {
    const Tokenizer tokenizer = Tokenizer::load(kGolden + variant);
    for (int i = 0; i < 200; ++i) {
      std::string bytes(random() % 40, '\0');
      for (char& byte : bytes) byte = static_cast<char>(random());
      const Ids ids = tokenizer.encode(bytes, false, false);
      for (const int32_t id : ids) ASSERT_LT(id, tokenizer.vocab_size());
      ASSERT_TRUE(is_valid_utf8(tokenizer.decode(ids)));
    }
  }
}

// The rule of BPE as one sentence: merge the leftmost pair of lowest rank until there is none.
Ids merge_naively(const PairTable& table, Ids symbols) {
  while (true) {
    PairTable::Rule best = PairTable::kNone;
    size_t at = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const PairTable::Rule rule = table.find(symbols[i], symbols[i + 1]);
      if (rule < best) best = rule, at = i;
    }
    if (best == PairTable::kNone) return symbols;
    symbols[at] = PairTable::id_of(best);
    symbols.erase(symbols.begin() + static_cast<long>(at) + 1);
  }
}

TEST(MergeSymbols, EqualsTheRuleForShortAndLongWords) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    PairTable table(200);
    for (int32_t rank = 0; rank < 200; ++rank) {
      table.set(static_cast<int32_t>(random() % (4 + rank)), static_cast<int32_t>(random() % (4 + rank)),
                PairTable::make_rule(rank, 4 + rank));
    }
    for (const size_t size : {0, 1, 2, 3, 10, 47, 48, 49, 50, 120, 700}) {
      MergeBuffers buffers;
      for (size_t i = 0; i < size; ++i) buffers.symbols.push_back(static_cast<int32_t>(random() % 4));
      const Ids expected = merge_naively(table, buffers.symbols);
      merge_symbols(table, buffers);
      ASSERT_EQ(buffers.symbols, expected) << "size " << size;
    }
  }
}

TEST(EncodeSpecialTokens, AddsOnlyWhatTheTemplateLacks) {
  const Folder folder;
  // BOS is in the template, EOS is not.
  folder.write(
      "tokenizer.json",
      tiny_json(
          R"({"added_tokens": [{"id": 3, "content": "<s>", "special": true}, {"id": 4, "content": "</s>", "special": true}],
    "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [3], "tokens": ["<s>"]}}}})"));
  folder.write("tokenizer_config.json", R"({"bos_token": "<s>", "eos_token": {"content": "</s>"}})");
  const Tokenizer tokenizer = Tokenizer::load(folder.path());
  EXPECT_EQ(tokenizer.encode("ab", true, true), (Ids{3, 2, 4}));
  EXPECT_EQ(tokenizer.encode("ab", false, true), (Ids{2, 4}));
  EXPECT_EQ(tokenizer.encode("ab", true, false), (Ids{3, 2}));
  EXPECT_EQ(tokenizer.encode("", false, false), Ids{});
  EXPECT_EQ(tokenizer.encode("ab"), (Ids{3, 2, 4}));
  EXPECT_EQ(tokenizer.decode(Ids{3, 2, 4}), "ab");
  EXPECT_EQ(tokenizer.decode(Ids{3, 2, 4}, false), "<s>ab</s>");
}

TEST(EncodeSpecialTokens, OneTokenCanBeBosAndEos) {
  const Folder folder;
  folder.write("tokenizer.json",
               tiny_json(R"({"added_tokens": [{"id": 3, "content": "<|endoftext|>", "special": true}]})"));
  folder.write("tokenizer_config.json",
               R"({"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "add_bos_token": false})");
  const Tokenizer tokenizer = Tokenizer::load(folder.path());
  EXPECT_EQ(tokenizer.bos_id(), 3);
  EXPECT_EQ(tokenizer.eos_id(), 3);
  EXPECT_EQ(tokenizer.encode("b", true, true), (Ids{3, 1, 3}));
  EXPECT_EQ(tokenizer.encode("b"), (Ids{1, 3}));
}

TEST(EncodeSpecialTokens, WithoutBosAndEosNothingIsAdded) {
  const Folder folder;
  folder.write("tokenizer.json", tiny_json());
  const Tokenizer tokenizer = Tokenizer::load(folder.path());
  EXPECT_EQ(tokenizer.bos_id(), std::nullopt);
  EXPECT_EQ(tokenizer.encode("ba", true, true), (Ids{1, 0}));
}

TEST(EncodeSpecialTokens, ConfigTokensGetTheNextIdsAndANotice) {
  const Folder folder;
  folder.write("tokenizer.json", tiny_json());
  folder.write("tokenizer_config.json",
               R"({"bos_token": "<s>", "added_tokens_decoder": {"9": {"content": "</s>"}, "2": {"content": "ab"}}})");
  const Tokenizer tokenizer = Tokenizer::load(folder.path());
  EXPECT_EQ(tokenizer.bos_id(), 3);
  EXPECT_EQ(tokenizer.id_of("</s>"), 4);
  EXPECT_EQ(tokenizer.vocab_size(), 5);
  ASSERT_EQ(tokenizer.parts().notices.size(), 3u);
  EXPECT_NE(tokenizer.parts().notices[0].find("'<s>' is not in the vocabulary; it gets the id 3"), std::string::npos);
  EXPECT_NE(tokenizer.parts().notices[2].find("'</s>' has the id 4, not 9"), std::string::npos);
}

TEST(Decode, SkipsIdsWithoutToken) {
  const Tokenizer tokenizer = Tokenizer::load(kGolden + "llama3");
  Ids ids = tokenizer.encode("light house", false, false);
  const std::string text = tokenizer.decode(ids);
  ids.push_back(static_cast<int32_t>(tokenizer.vocab_size()));
  ids.push_back(-1);
  EXPECT_EQ(tokenizer.decode(ids), text);
}

TEST(BpeModel, LaterMergeOfTheSamePairWins) {
  // As in the package, whose table keeps the last rank of a pair: (a, b) has rank 2 here, so (b, b) comes first.
  const Folder folder;
  folder.write("tokenizer.json", tiny_json(R"({"model": {"vocab": {"bb": 3}, "merges": ["a b", "b b", "a b"]}})"));
  EXPECT_EQ(Tokenizer::load(folder.path()).encode("abb", false, false), (Ids{0, 3}));
}

TEST(UnicodeForms, AreTheCanonicalOnes) {
  const auto form = [](UnicodeForm which, std::string text) { return normalize(which, text), text; };
  // A mark of another class between base and mark does not hinder composition, one of the same class does.
  EXPECT_EQ(form(UnicodeForm::kComposed, "a\u0323\u0301"), "\u1EA1\u0301");
  EXPECT_EQ(form(UnicodeForm::kComposed, "a\u0301\u0323"), "\u1EA1\u0301");
  EXPECT_EQ(form(UnicodeForm::kComposed, "a\u0305\u0301"), "a\u0305\u0301");
  EXPECT_EQ(form(UnicodeForm::kComposed, "\u1112\u1161\u11AB"), "\uD55C");
  EXPECT_EQ(form(UnicodeForm::kDecomposed, "\uD55C\u01D6"), "\u1112\u1161\u11ABu\u0308\u0304");
  EXPECT_EQ(form(UnicodeForm::kComposed, "\u0958"), "\u0915\u093C");  // a composition exclusion
  EXPECT_EQ(form(UnicodeForm::kComposed, "\u212B"), "\u00C5");        // ANGSTROM SIGN is A WITH RING
}

}  // namespace
}  // namespace titan::tokenizer
