#include <gtest/gtest.h>

#include "runtime/config/rules/validate.h"
#include "runtime/config/toml_file.h"
#include "tests/runtime/config/test_job.h"

namespace titan::config {
namespace {

/// One mistake, and the one line that answers it.
struct Mistake {
  std::string toml;
  std::vector<std::string> arguments;
  Variables variables;
  std::string answer;
};

const Mistake kMistakes[] = {
    // Broken TOML: the line and its text.
    {"[training]\nsteps = = 5\n", {}, {}, "bad.toml:2: "},
    {"[training\nsteps = 5\n", {}, {}, "bad.toml:1: "},
    {"[training]\nsteps = 5\nsteps = 6\n", {}, {}, "bad.toml:3: "},
    // Names that do not exist.
    {"[training]\nstepz = 5\n", {}, {}, "training.stepz: unknown key; did you mean 'training.steps'? (bad.toml:2)"},
    {"[trainig]\nsteps = 5\n", {}, {}, "trainig: unknown section; did you mean [training]? (bad.toml:1)"},
    {"steps = 5\n", {}, {}, "steps: unknown key; did you mean 'training.steps'? (bad.toml:1)"},
    {"training = 5\n", {}, {}, "training: is a section, found a value (bad.toml:1)"},
    {"[debug]\nxyzzy = 1\n",
     {},
     {},
     "debug.xyzzy: unknown key; [debug] has debug.seed, debug.deterministic, debug.deterministic_warn_only, "
     "debug.moe_force_load_balance (bad.toml:2)"},
    {"",
     {"--training.tensor_parallel_degre", "2"},
     {},
     "training.tensor_parallel_degre: unknown key; did you mean 'parallelism.tensor_parallel_degree'?"},
    {"",
     {"--parallelism.tensor_parallel_degre", "2"},
     {},
     "parallelism.tensor_parallel_degre: unknown key; did you mean 'parallelism.tensor_parallel_degree'?"},
    {"", {"--trainig.steps", "2"}, {}, "trainig.steps: unknown key; did you mean 'training.steps'?"},
    {"", {"--optimizer.seq_len", "2"}, {}, "optimizer.seq_len: unknown key; did you mean 'training.seq_len'?"},
    {"", {"--hardwre", "a100"}, {}, "--hardwre: unknown option; did you mean '--hardware'?"},
    {"", {"--"}, {}, "--: "},
    // Wrong types.
    {"[training]\nsteps = \"ten\"\n", {}, {}, "training.steps: expects a whole number, found 'ten' (bad.toml:2)"},
    {"[training]\nsteps = 10.0\n", {}, {}, "training.steps: expects a whole number, found 10.0 (bad.toml:2)"},
    {"[training]\nsteps = 1979-05-27\n",
     {},
     {},
     "training.steps: expects a whole number, found a date or time (bad.toml:2)"},
    {"[training]\ndataset = [\"c4\"]\n", {}, {}, "training.dataset: expects a text, found [\"c4\"] (bad.toml:2)"},
    {"[compile]\nenable = 1\n", {}, {}, "compile.enable: expects true or false, found 1 (bad.toml:2)"},
    {"[compile]\ncomponents = [\"model\", 1]\n",
     {},
     {},
     "compile.components: expects a list of texts, found an array of something else (bad.toml:2)"},
    {"[training.steps]\nx = 1\n", {}, {}, "training.steps: expects a whole number, found a table (bad.toml:1)"},
    {"[job]\nconfig_file = \"x\"\n", {}, {}, "job.config_file: can only be given on the command line (bad.toml:2)"},
    {"", {"--training.steps", "1e3"}, {}, "training.steps: expects a whole number, found '1e3'"},
    {"",
     {"--training.steps", "99999999999999999999"},
     {},
     "training.steps: expects a whole number, found '99999999999999999999'"},
    {"", {"--training.steps"}, {}, "training.steps: expects a whole number after it, found nothing"},
    {"",
     {"--training.steps", "--compile.enable"},
     {},
     "training.steps: expects a whole number after it, found nothing"},
    {"", {"--debug.seed", "x"}, {}, "debug.seed: expects a whole number or none, found 'x'"},
    {"",
     {"--compile.enable=False"},
     {},
     "compile.enable: is a flag and takes no value, found 'False'; write --compile.enable or --compile.no_enable"},
    {"",
     {"--compile.enable", "true"},
     {},
     "compile.enable: is a flag and takes no value, found 'true'; write --compile.enable or --compile.no_enable"},
    {"",
     {"--model.converters", "a", "b"},
     {},
     "model.converters: takes one value, found another: 'b'; put commas between the items of a list"},
    {"", {"train\nme"}, {}, "'train\\x0ame': is no option; options are written --section.key value"},
    {"",
     {"--parallelism.module_fqns_per_model_part", "[["},
     {},
     "parallelism.module_fqns_per_model_part: expects a list of lists of texts or none, found '[['"},
    // Values that are not allowed.
    {"[optimizer]\nname = \"adam\"\n",
     {},
     {},
     "optimizer.name: must be one of AdamW, Adam; found 'adam'; did you mean 'Adam'? (bad.toml:2)"},
    {"",
     {"--optimizer.implementation", "fussed"},
     {},
     "optimizer.implementation: must be one of for-loop, foreach, fused; found 'fussed'; did you mean 'fused'?"},
    {"",
     {"--activation_checkpoint.mode", "selectiv"},
     {},
     "activation_checkpoint.mode: Invalid AC mode: must be one of selective, full, memory_budget, none; found "
     "'selectiv'; "
     "did you mean 'selective'?"},
    {"",
     {"--training.mixed_precision_reduce", "float16"},
     {},
     "training.mixed_precision_reduce: must be one of bfloat16, float32; found 'float16'; did you mean 'bfloat16'?"},
    {"",
     {"--parallelism.context_parallel_load_balancer="},
     {},
     "parallelism.context_parallel_load_balancer: must be one of headtail, ptrr or none; found ''"},
    {"",
     {"--checkpoint.exclude_from_loading", "data_loader"},
     {},
     "checkpoint.exclude_from_loading: not found in state_dict: must be one of model, optimizer, lr_scheduler, "
     "dataloader, "
     "train_state; found 'data_loader'; did you mean 'dataloader'?"},
    {"",
     {"--checkpoint.keep_latest_k", "1"},
     {},
     "checkpoint.keep_latest_k: We need to maintain at least 2 checkpoint replicas, or all (0), found 1"},
    {"", {"--training.steps", "0"}, {}, "training.steps: must be at least 1, found 0"},
    {"", {"--training.steps", "4000000000000"}, {}, "training.steps: must be at most 10^12, found 4000000000000"},
    {"", {"--training.global_batch_size", "0"}, {}, "training.global_batch_size: must be at least 1 or -1, found 0"},
    {"", {"--training.global_batch_size", "-2"}, {}, "training.global_batch_size: must be at least 1 or -1, found -2"},
    {"", {"--validation.steps", "0"}, {}, "validation.steps: must be at least 1 or -1, found 0"},
    {"", {"--lr_scheduler.warmup_steps", "-1"}, {}, "lr_scheduler.warmup_steps: must be at least 0, found -1"},
    {"",
     {"--lr_scheduler.decay_ratio", "1.5"},
     {},
     "lr_scheduler.decay_ratio: must be at least 0 and at most 1, found 1.5"},
    {"", {"--optimizer.lr", "0"}, {}, "optimizer.lr: must be above 0, found 0.0"},
    {"", {"--optimizer.beta2", "1"}, {}, "optimizer.beta2: must be at least 0 and below 1, found 1.0"},
    {"[optimizer]\nlr = inf\n", {}, {}, "optimizer.lr: must be finite, found inf (bad.toml:2)"},
    {"", {"--training.max_norm", "nan"}, {}, "training.max_norm: must be finite, found nan"},
    {"", {"--job.dump_folder", ""}, {}, "job.dump_folder: must not be empty, found ''"},
    {"",
     {"--parallelism.tensor_parallel_degree", "0"},
     {},
     "parallelism.tensor_parallel_degree: Parallelism degree should be >= 1, except for dp_shard, found 0"},
    {"",
     {"--parallelism.data_parallel_shard_degree", "0"},
     {},
     "parallelism.data_parallel_shard_degree: dp_shard must -1 or >=1, found 0"},
    // The environment and files.
    {"", {}, {{"NGPU", "four"}}, "NGPU: expects a whole number, at least 1, found 'four'"},
    {"", {}, {{"NGPU", "0"}}, "NGPU: expects a whole number, at least 1, found '0'"},
    {"", {}, {{"LOG_RANK", "0,,1"}}, "LOG_RANK: expects a whole number, at least 0, found ''"},
    {"", {}, {{"COMM_MODE", "fake"}}, "COMM_MODE: must be one of default, fake_backend, local_tensor; found 'fake'"},
    {"", {}, {{"CONFIG_FILE", "no/such/file.toml"}}, "CONFIG_FILE: found no file 'no/such/file.toml'"},
    {"", {"--config", "no/such/file.toml"}, {}, "job.config_file: found no file 'no/such/file.toml'"},
    {"", {"--config", "70b"}, {}, "job.config_file: '70b' fits several shipped files: llama2_70b, llama3_70b"},
};

/// Answers that only begin as expected: the rest is the TOML parser's wording and the line.
bool is_beginning(const std::string& answer) { return answer.ends_with(": "); }

TEST(WrongConfigs, AreAnsweredWithOneClearLine) {
  for (const Mistake& mistake : kMistakes) {
    SCOPED_TRACE(mistake.answer);
    TestJob job;
    const std::string found = error_of([&] {
      load_toml(job.schema, mistake.toml, "bad.toml");
      job.load(mistake.arguments, mistake.variables);
      validate(job.config, {});
    });
    EXPECT_EQ(found.find('\n'), std::string::npos);
    if (is_beginning(mistake.answer)) {
      EXPECT_EQ(found.substr(0, mistake.answer.size()), mistake.answer);
      EXPECT_GT(found.size(), mistake.answer.size());
    } else {
      EXPECT_EQ(found, mistake.answer);
    }
  }
}

TEST(WrongConfigs, ShowTheTextOfABrokenLine) {
  TestJob job;
  const std::string found = error_of([&] { load_toml(job.schema, "[a]\nsteps = = 5\nb = 1\n", "bad.toml"); });
  EXPECT_TRUE(found.ends_with(": 'steps = = 5'")) << found;
}

TEST(WrongConfigs, LeaveTheFieldAsItWas) {
  TestJob job;
  EXPECT_NE(error_of([&] { job.schema.find("training.steps")->assign(int64_t{0}); }), "");
  EXPECT_EQ(job.config.training.steps, 10000);
}

struct OlderName {
  const char* key;
  const char* answer;
};

// The keys of issue 3, item 2.
const OlderName kOlderNames[] = {
    {"training.batch_size", "is now training.local_batch_size"},
    {"training.warmup_steps", "is now lr_scheduler.warmup_steps"},
    {"training.compile", "is now compile.enable"},
    {"training.data_parallel_replicate_degree", "is now parallelism.data_parallel_replicate_degree"},
    {"training.data_parallel_shard_degree", "is now parallelism.data_parallel_shard_degree"},
    {"training.data_parallel_degree", "is now parallelism.data_parallel_shard_degree"},
    {"training.tensor_parallel_degree", "is now parallelism.tensor_parallel_degree"},
    {"experimental.pipeline_parallel_degree", "is now parallelism.pipeline_parallel_degree"},
    {"experimental.enable_async_tensor_parallel", "is now parallelism.enable_async_tensor_parallel"},
    {"checkpoint.enable_checkpoint", "is now checkpoint.enable"},
    {"checkpoint.interval_type", "is gone: checkpoint.interval counts steps"},
    {"checkpoint.model_weights_only", "is now checkpoint.last_save_model_only"},
    {"metrics.enable_color_printing", "is now metrics.disable_color_printing, with the opposite meaning"},
    {"float8.enable_float8_linear", "is now model.converters = [\"quantize.linear.float8\"]"},
    {"model.norm_type", "is gone: the norm belongs to model.flavor (Llama has RMSNorm)"},
    {"model.tokenizer_path", "is now model.hf_assets_path, the folder that holds the tokenizer's files"},
    {"job.use_for_integration_test", "is gone: a shipped file is used like any other"},
};

TEST(OlderNames, AreAnsweredWithTheirSuccessorWhereverTheyComeFrom) {
  for (const OlderName& older : kOlderNames) {
    const std::string key = older.key;
    const std::string answer = key + ": " + older.answer;
    const size_t dot = key.find('.');
    const std::string toml = "[" + key.substr(0, dot) + "]\n" + key.substr(dot + 1) + " = 1\n";
    TestJob job;
    EXPECT_EQ(error_of([&] { load_toml(job.schema, toml, "old.toml"); }), answer + " (old.toml:2)");
    EXPECT_EQ(error_of([&] { job.load({"--" + key, "1"}); }), answer);
    EXPECT_EQ(error_of([&] { job.load({"--" + key.substr(0, dot) + ".no-" + key.substr(dot + 1)}); }), answer);
  }
}

TEST(OlderNames, PointOnlyToKeysThatExist) {
  TestJob job;
  for (const OlderName& older : kOlderNames) {
    EXPECT_EQ(job.schema.find(older.key), nullptr);
    const std::string answer = older.answer;
    if (!answer.starts_with("is now ")) continue;
    const std::string successor = answer.substr(7, answer.find_first_of(" ,", 7) - 7);
    EXPECT_NE(job.schema.find(successor), nullptr) << successor;
  }
}

}  // namespace
}  // namespace titan::config
