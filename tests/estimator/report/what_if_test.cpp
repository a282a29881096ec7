#include "estimator/report/what_if.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "runtime/config/command_line.h"
#include "runtime/config/config_error.h"
#include "runtime/config/declare.h"
#include "tests/estimator/report/report_text.h"
#include "tests/estimator/report/sample_estimate.h"

namespace titan::estimator {
namespace {

template <class Function>
std::string error_of(Function function) {
  try {
    function();
  } catch (const config::ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ParseWhatIf, ReadsKeyAndValues) {
  const WhatIf question = parse_what_if(" --training.local-batch-size = 1 | 2|4 ");
  EXPECT_EQ(question.key, "training.local_batch_size");
  EXPECT_EQ(question.values, (std::vector<std::string>{"1", "2", "4"}));
}

TEST(ParseWhatIf, TakesAnEmptyTextAsOneOfSeveralValues) {
  EXPECT_EQ(parse_what_if("model.converters=|a,b").values, (std::vector<std::string>{"", "a,b"}));
}

TEST(ParseWhatIf, KeepsFurtherEqualsSignsInValues) {
  EXPECT_EQ(parse_what_if("a.b=x=y|z").values, (std::vector<std::string>{"x=y", "z"}));
}

TEST(ParseWhatIf, AnswersMistakesInOneLine) {
  const auto answer = [](const char* text) { return error_of([&] { parse_what_if(text); }); };
  EXPECT_EQ(answer("seq_len"), "--what-if: 'seq_len' lacks '='; expects 'key=a|b|c'");
  EXPECT_EQ(answer("=1|2"), "--what-if: '=1|2' names no key; expects 'key=a|b|c'");
  EXPECT_EQ(answer("--=1|2"), "--what-if: '--=1|2' names no key; expects 'key=a|b|c'");
  EXPECT_EQ(answer("seq len=1"), "--what-if: 'seq len=1' has the key 'seq len'; expects 'key=a|b|c'");
  EXPECT_EQ(answer("seq_len="), "--what-if: seq_len is given no value; expects 'seq_len=a|b|c'");
  EXPECT_EQ(answer("seq_len=1|2|1"), "--what-if: seq_len is given '1' twice");
  EXPECT_EQ(answer("seq_len=1||"), "--what-if: seq_len is given '' twice");
}

TEST(Combinations, AreTheCrossProductInOrder) {
  const auto sets = combinations({{"a", {"1", "2"}}, {"b", {"x", "y", "z"}}});
  ASSERT_EQ(sets.size(), 6u);
  EXPECT_EQ(sets[0], (Overrides{{"a", "1"}, {"b", "x"}}));
  EXPECT_EQ(sets[1], (Overrides{{"a", "1"}, {"b", "y"}}));
  EXPECT_EQ(sets[5], (Overrides{{"a", "2"}, {"b", "z"}}));
}

TEST(Combinations, OfNothingAreOneEmptySet) { EXPECT_EQ(combinations({}), (std::vector<Overrides>{{}})); }

/// Law: as many sets as the product of the counts, all different, each with every key once and one of its values.
TEST(Combinations, AreAllDifferentAndComplete) {
  std::mt19937 random(2);
  for (int round = 0; round < 50; ++round) {
    std::vector<WhatIf> questions;
    size_t product = 1;
    for (size_t key = 0; key < 1 + random() % 5; ++key) {
      WhatIf question{.key = "k" + std::to_string(key), .values = {}};
      for (size_t value = 0; value < 1 + random() % 4; ++value) question.values.push_back(std::to_string(value));
      product *= question.values.size();
      questions.push_back(question);
    }
    if (product > kMostCombinations) continue;
    std::set<std::string> seen;
    for (const Overrides& set : combinations(questions)) {
      ASSERT_EQ(set.size(), questions.size());
      std::string text;
      for (size_t i = 0; i < set.size(); ++i) {
        ASSERT_EQ(set[i].key, questions[i].key);
        text += set[i].value + ",";
      }
      EXPECT_TRUE(seen.insert(text).second) << text;
    }
    EXPECT_EQ(seen.size(), product);
  }
}

TEST(Combinations, HaveALimit) {
  WhatIf thousand{.key = "a", .values = {}};
  for (int i = 0; i < 1000; ++i) thousand.values.push_back(std::to_string(i));
  EXPECT_EQ(combinations({thousand}).size(), 1000u);
  EXPECT_EQ(error_of([&] {
              combinations({thousand, {"b", {"1", "2"}}});
            }),
            "--what-if: asks for more than 1000 combinations; give fewer keys or values");
  // 10 keys of 1000 values would overflow any count.
  std::vector<WhatIf> many;
  for (char name = 'a'; name < 'i'; ++name) many.push_back({std::string(1, name), thousand.values});
  EXPECT_EQ(error_of([&] { combinations(many); }),
            "--what-if: asks for more than 1000 combinations; give fewer keys or values");
  many.push_back({"z", {"1"}});
  EXPECT_EQ(error_of([&] { combinations(many); }), "--what-if: varies 9 keys; at most 8 can vary at once");
}

TEST(Combinations, RefuseAKeyThatIsVariedTwice) {
  EXPECT_EQ(error_of([] {
              combinations({{"a", {"1"}}, {"a", {"2"}}});
            }),
            "--what-if: varies a twice; write its values in one: 'a=a|b|c'");
}

/// The runtime's keys and one option with a short name.
struct Keys {
  config::JobConfig job;
  config::Schema schema;
  Keys() {
    config::declare(schema, job);
    schema.alias("model_size", "model.flavor");
  }
  std::string resolved(const std::string& key) const {
    std::vector<WhatIf> questions = {{key, {"1"}}};
    resolve_keys(questions, schema);
    return questions[0].key;
  }
};

TEST(ResolveKeys, FindsFullKeysShortNamesAndUniqueEnds) {
  const Keys keys;
  EXPECT_EQ(keys.resolved("training.seq_len"), "training.seq_len");
  EXPECT_EQ(keys.resolved("model_size"), "model.flavor");
  EXPECT_EQ(keys.resolved("tensor_parallel_degree"), "parallelism.tensor_parallel_degree");
}

TEST(ResolveKeys, PreferTheKeyInTraining) {
  const Keys keys;
  EXPECT_EQ(keys.resolved("seq_len"), "training.seq_len");                    // not validation.seq_len
  EXPECT_EQ(keys.resolved("local_batch_size"), "training.local_batch_size");  // nor inference.local_batch_size
  EXPECT_EQ(keys.resolved("dataloader.num_workers"), "training.dataloader.num_workers");
}

TEST(ResolveKeys, RefusesWhatItCannotTell) {
  const Keys keys;
  EXPECT_EQ(error_of([&] { keys.resolved("tensor_parallel_degre"); }),
            "tensor_parallel_degre: unknown key; did you mean 'tensor_parallel_degree'?");
  EXPECT_EQ(error_of([&] { keys.resolved("parallelism.tensor_parallel_degre"); }),
            "parallelism.tensor_parallel_degre: unknown key; did you mean 'parallelism.tensor_parallel_degree'?");
  EXPECT_EQ(error_of([&] { keys.resolved("xyzzyplugh"); }), "xyzzyplugh: unknown key");
  EXPECT_EQ(error_of([&] { keys.resolved("flavor_"); }).substr(0, 20), "flavor_: unknown key");
  EXPECT_NE(error_of([&] { keys.resolved("enable"); }).find("enable: is the end of several keys: "), std::string::npos);
  std::vector<WhatIf> modes = {{"mode", {"none", "full"}}};
  EXPECT_EQ(
      error_of([&] { resolve_keys(modes, keys.schema); }),
      "mode: is the end of several keys: activation_checkpoint.mode, comm.mode; write one in full, as in --what-if "
      "'activation_checkpoint.mode=none|full'");
  std::vector<WhatIf> questions = {{"global_batch_size", {"1"}}, {"training.global_batch_size", {"2"}}};
  EXPECT_EQ(error_of([&] { resolve_keys(questions, keys.schema); }),
            "--what-if: varies training.global_batch_size twice; write its values in one: "
            "'training.global_batch_size=a|b|c'");
}

TEST(AsArguments, AreReadBackByTheCommandLine) {
  Keys keys;
  const Overrides overrides = {{"training.seq_len", "4096"}, {"compile.enable", "true"}, {"model.converters", ""}};
  for (const config::Assignment& option :
       config::parse_command_line(keys.schema, as_arguments(overrides, keys.schema))) {
    option.field->assign(option.value);
  }
  EXPECT_EQ(keys.job.training.seq_len, 4096);
  EXPECT_TRUE(keys.job.compile.enable);
  EXPECT_TRUE(keys.job.model.converters.empty());
  EXPECT_EQ(as_arguments({{"compile.enable", "false"}}, keys.schema),
            (std::vector<std::string>{"--compile.no_enable"}));
}

TEST(AsArguments, RefuseAFlagThatIsNeitherTrueNorFalse) {
  const Keys keys;
  EXPECT_EQ(error_of([&] {
              as_arguments({{"compile.enable", "yes"}}, keys.schema);
            }),
            "compile.enable: expects true or false, found 'yes'");
}

/// Every --what-if of docs/estimate.md names keys that exist and values that they take.
TEST(Documentation, AsksQuestionsThatCanBeAnswered) {
  std::ifstream in(std::string(TITAN_SOURCE_DIR) + "/docs/estimate.md");
  std::ostringstream whole;
  whole << in.rdbuf();
  std::string text = whole.str();
  std::erase(text, '\\');  // in tables "|" is written "\|"
  Keys keys;
  int64_t num_gpus = 8;
  keys.schema.section("hardware").field("num_gpus", num_gpus, "ranks");
  keys.schema.alias("gpus", "hardware.num_gpus");
  int64_t blocks_per_unit = 1;
  keys.schema.section("titan").field("fsdp_blocks_per_unit", blocks_per_unit, "blocks");
  int count = 0;
  const std::string option_name = "--what-if '";
  for (size_t at = 0; (at = text.find(option_name, at)) != std::string::npos;) {
    at += option_name.size();
    const std::string question = text.substr(at, text.find('\'', at) - at);
    if (question == "key=a|b|c") continue;
    std::vector<WhatIf> questions = {parse_what_if(question)};
    resolve_keys(questions, keys.schema);
    for (const Overrides& set : combinations(questions)) {
      for (const auto& option : config::parse_command_line(keys.schema, as_arguments(set, keys.schema))) {
        EXPECT_NO_THROW(option.field->assign(option.value)) << question;
      }
    }
    ++count;
  }
  EXPECT_GE(count, 12);
}

/// Rows of all combinations; each fits unless its number divides by 3.
std::vector<WhatIfRow> rows_of(const std::vector<WhatIf>& questions) {
  std::vector<WhatIfRow> rows;
  for (Overrides& set : combinations(questions)) {
    WhatIfRow row{.overrides = std::move(set), .estimate = small_sample(), .error = {}};
    row.estimate->fits = rows.size() % 3 != 0;
    row.estimate->tokens_per_second_per_gpu = 1000.0 + static_cast<double>(rows.size());
    rows.push_back(std::move(row));
  }
  return rows;
}

TEST(WhatIfTable, MarksTheFastestRowThatFits) {
  const auto rows = rows_of({{"training.local_batch_size", {"1", "2", "4", "8"}}});
  EXPECT_EQ(what_if_table(rows),
            "local_batch_size = training.local_batch_size\n"
            "\n"
            "  local_batch_size  fits      memory   tokens/s       step   MFU %\n"
            "                 1    NO   83.04 GiB      1,000    2.843 s    33.8\n"
            "                 2   yes   83.04 GiB      1,001    2.843 s    33.8\n"
            "*                4   yes   83.04 GiB      1,002    2.843 s    33.8\n"
            "                 8    NO   83.04 GiB      1,003    2.843 s    33.8\n"
            "* most tokens/s per GPU of those that fit\n");
}

TEST(WhatIfTable, SaysWhyACombinationIsRefusedOnceEach) {
  auto rows = rows_of({{"parallelism.tensor_parallel_degree", {"2", "3", "5"}}});
  for (size_t i = 1; i < 3; ++i) {
    rows[i].estimate.reset();
    rows[i].error = "parallelism.tensor_parallel_degree: must divide 8";
  }
  const std::string text = what_if_table(rows);
  EXPECT_NE(text.find("refused, see [1]"), std::string::npos) << text;
  EXPECT_NE(text.find("[1] parallelism.tensor_parallel_degree: must divide 8\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("[2]"), std::string::npos) << text;
  EXPECT_NE(text.find("No combination fits.\n"), std::string::npos) << text;
}

TEST(WhatIfTable, TellsKeysWithTheSameEndApart) {
  const auto rows = rows_of({{"compile.enable", {"true"}}, {"checkpoint.enable", {"true", "false"}}});
  const std::string text = what_if_table(rows, {.width = 100});
  EXPECT_NE(text.find("  compile.enable  checkpoint.enable  fits"), std::string::npos) << text;
}

TEST(WhatIfTable, FallsBackToLettersAndNumbers) {
  const auto rows =
      rows_of({{"parallelism.pipeline_parallel_schedule", {"1F1B", "Interleaved1F1B", "InterleavedZeroBubble"}},
               {"parallelism.fsdp_reshard_after_forward", {"always", "never"}},
               {"activation_checkpoint.selective_ac_option", {"op", "2"}}});
  const std::string text = what_if_table(rows);
  EXPECT_NE(text.find("A = parallelism.pipeline_parallel_schedule"), std::string::npos) << text;
}

TEST(WhatIfTable, KeepsItsWidth) {
  std::mt19937 random(3);
  for (int round = 0; round < 100; ++round) {
    std::vector<WhatIf> questions;
    for (size_t key = 0; key < 1 + random() % kMostKeys; ++key) {
      WhatIf question{.key = "section." + std::string(1 + random() % 50, static_cast<char>('a' + key)), .values = {}};
      for (size_t value = 0; value < 1 + random() % 2; ++value) {
        question.values.push_back(std::to_string(value) + std::string(random() % 40, 'v'));
      }
      questions.push_back(question);
    }
    for (const std::string& line : lines_of(what_if_table(rows_of(questions)))) {
      ASSERT_LE(display_width(line), 80u) << line;
    }
  }
}

TEST(WhatIfTable, RefusesRowsOfDifferentKeys) {
  auto rows = rows_of({{"a.b", {"1", "2"}}});
  rows[1].overrides[0].key = "a.c";
  EXPECT_ANY_THROW(what_if_table(rows));
  EXPECT_ANY_THROW(what_if_table({}));
}

}  // namespace
}  // namespace titan::estimator
