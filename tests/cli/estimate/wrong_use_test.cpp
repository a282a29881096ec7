// One line on standard error, nothing on standard output and status 2 for what a user can get wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/cli/train/run_titan.h"

namespace titan {
namespace {

using Arguments = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;

struct Refusal {
  Arguments arguments;
  std::string line;  // begins with
  Environment environment = {};
};

void expect_refused(const Refusal& refusal) {
  const auto outcome = test::run_titan(refusal.arguments, refusal.environment);
  EXPECT_EQ(outcome.status, 2) << refusal.line << outcome.output;
  EXPECT_EQ(outcome.error.rfind(refusal.line, 0), 0u) << "expected: " << refusal.line << "\n" << outcome.error;
  EXPECT_EQ(std::count(outcome.error.begin(), outcome.error.end(), '\n'), 1) << outcome.error;
  EXPECT_EQ(outcome.output, "") << refusal.line;
}

Arguments arguments_8b(const Arguments& more) {
  Arguments all = {"estimate", "--config", "8b", "--gpus", "8"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(EstimateCommand, RefusesWrongCommandLinesWithOneLineAndStatusTwo) {
  const Refusal refusals[] = {
      {{"estimate", "--bogus", "1"}, "bogus: unknown key"},
      {{"estimate", "surplus"}, "'surplus': is no option"},
      {{"estimate", "--config", "no_such"}, "job.config_file: found no file 'no_such'"},
      {{"estimate", "--gpus", "0"}, "hardware.num_gpus: must be at least 1, found 0"},
      {{"estimate", "--gpus", "many"}, "hardware.num_gpus: expects a whole number"},
      {{"estimate", "--config", "8b", "--gpus"}, "hardware.num_gpus: expects a whole number or none after it"},
      {arguments_8b({"--titan.fsdp_blocks_per_unit", "0"}), "titan.fsdp_blocks_per_unit: must be at least 1, found 0"},
      {arguments_8b({"--hardware", "h100"}), "hardware.gpu: found no file 'h100' and no shipped file of that name"},
      {arguments_8b({"--cluster", "none_such"}), "hardware.cluster: found no file 'none_such'"},
      {arguments_8b({"--software", "none_such"}), "hardware.software: found no file 'none_such'"},
      {arguments_8b({"--json"}), "json: expects a text or none after it, found nothing"},
      {arguments_8b({"--assert"}), "--assert: expects a text after it, found nothing"},
      {arguments_8b({"--assert", "speed<3"}), "--assert: 'speed<3' has no known quantity 'speed'"},
      {arguments_8b({"--assert", "memory<"}), "--assert: 'memory<' needs a number"},
      {arguments_8b({"--what-if"}), "--what-if: expects a text after it, found nothing"},
      {arguments_8b({"--what-if", "seq_len"}), "--what-if: 'seq_len' lacks '='"},
      {arguments_8b({"--what-if", "a.b=1|2"}), "a.b: unknown key"},
      {arguments_8b({"--what-if", "mode=none|full"}),
       "mode: is the end of several keys: activation_checkpoint.mode, comm.mode; write one in full, as in --what-if "},
      {{"estimate"}, "NGPU: expects a whole number", {{"NGPU", "many"}}},
  };
  for (const auto& refusal : refusals) expect_refused(refusal);
}

TEST(EstimateCommand, RefusesWhatItCannotPredictByName) {
  const Refusal refusals[] = {
      {arguments_8b({"--compile.enable"}), "compile.enable: "},
      {arguments_8b({"--model.converters", "quantize.linear.float8"}), "model.converters: quantisation: not there yet"},
      {arguments_8b({"--model.converters", "float8"}), "model.converters: must be among "},
      {arguments_8b({"--parallelism.pipeline_parallel_degree", "2"}),
       "parallelism.pipeline_parallel_degree: pipelines: not there yet"},
      {arguments_8b({"--parallelism.context_parallel_degree", "2"}), "parallelism.context_parallel_degree: "},
      {{"estimate", "--config", "405b", "--compile.no_enable"}, "parallelism.enable_async_tensor_parallel: "},
      {arguments_8b({"--parallelism.tensor_parallel_degree", "3"}), "parallelism."},
      {arguments_8b({"--training.global_batch_size", "7"}), "training.global_batch_size: "},
      {{"train", "--config", "8b", "--compile.enable"},
       "compile.enable: ",
       {{"COMM_MODE", "fake_backend"}, {"NGPU", "8"}}},
      {{"train", "--config", "8b"}, "RANK: ", {{"COMM_MODE", "fake_backend"}, {"NGPU", "8"}, {"RANK", "8"}}},
  };
  for (const auto& refusal : refusals) expect_refused(refusal);
}

TEST(EstimateCommand, AWhatIfRefusesTheOptionsThatItWouldIgnore) {
  const Arguments options[] = {{"--json", "-"}, {"--html", "page.html"}, {"--trace", "t.json"},
                               {"--operators"}, {"--assert", "fits"},    {"--job.print_config"}};
  for (const auto& option : options) {
    Arguments arguments = arguments_8b({"--what-if", "training.local_batch_size=1|2"});
    arguments.insert(arguments.end(), option.begin(), option.end());
    expect_refused({arguments, "--what-if: gives one table; leave out "});
  }
}

TEST(EstimateCommand, AWhatIfWithoutARowThatCanBePredictedIsAMistake) {
  const auto outcome = test::run_titan(arguments_8b({"--what-if", "tensor_parallel_degree=3|5"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.error, "--what-if: no combination could be predicted; the table says why\n");
  EXPECT_NE(outcome.output.find("refused, see [1]"), std::string::npos) << outcome.output;
}

TEST(EstimateCommand, SaysWhichFileItCannotWrite) {
  for (const char* option : {"--json", "--html", "--trace"}) {
    const auto outcome = test::run_titan(arguments_8b({option, "/dev/null/out"}));
    EXPECT_EQ(outcome.status, 2) << option;
    EXPECT_EQ(outcome.error.rfind("/dev/null/out", 0), 0u) << outcome.error;
  }
}

TEST(CalibrateCommand, SaysWhatIsWrongWithItsRows) {
  const std::string folder = test::fresh_folder("rows");
  const std::string header = "id,table,tokens_per_second_per_gpu,mfu_percent,peak_reserved_gib,outcome,note\n";
  const auto rows = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder + "/" + name) << text;
    return folder + "/" + name;
  };
  const auto without_header = rows("no_header.csv", "h100-T1-a,T1,5762,,82.4,ok,\n");
  const auto short_row = rows("short.csv", header + "h100-T1-a,T1,5762\n");
  const auto no_number = rows("no_number.csv", header + "h100-T1-a,T1,fast,,82.4,ok,\n");
  const auto no_outcome = rows("no_outcome.csv", header + "h100-T1-a,T1,5762,,82.4,maybe,\n");
  const auto empty = rows("empty.csv", header);
  const auto nowhere = rows("nowhere.csv", header + "h100-T1-a,T1,5762,,,ok,\nmy-run,T1,5762,,,ok,\n");
  rows("broken.toml", "[training]\nseq_len = \n");
  const auto broken = rows("broken.csv", header + "broken,T1,5762,,,ok,\n");
  const Refusal refusals[] = {
      {{"calibrate"},
       "titan calibrate: measuring operators on a GPU is not there yet; fit to measured runs with --fit "},
      {{"calibrate", "--fit"}, "--fit: expects a text after it, found nothing"},
      {{"calibrate", "--fit", empty, "--fit", empty}, "--fit: is given twice"},
      {{"calibrate", "--fit", empty, "surplus"}, "surplus: is no option of calibrate; allowed is --fit ROWS.csv"},
      {{"calibrate", "--fit", folder + "/missing.csv"}, folder + "/missing.csv: cannot be read"},
      {{"calibrate", "--fit", without_header}, without_header + ":1: expects the header "},
      {{"calibrate", "--fit", short_row}, short_row + ":2: expects 7 columns, found 3"},
      {{"calibrate", "--fit", no_number}, no_number + ":2"},
      {{"calibrate", "--fit", no_outcome}, no_outcome + ":2"},
      {{"calibrate", "--fit", empty}, empty + ": has no row with a speed that can be predicted"},
      {{"calibrate", "--fit", nowhere},
       nowhere + ": the row 'my-run' has no configuration: found neither '" + folder + "/my-run.toml' nor '"},
      {{"calibrate", "--fit", broken}, folder + "/broken.toml:2"},
  };
  for (const auto& refusal : refusals) expect_refused(refusal);
}

TEST(CalibrateCommand, SaysWhichRowsItLeavesOut) {
  const std::string file = test::fresh_folder("rows") + "/rows.csv";
  std::ofstream(file) << "id,table,tokens_per_second_per_gpu,mfu_percent,peak_reserved_gib,outcome,note\n"
                         "h100-T1-c,T1,8532,,76.8,ok,\n";
  const auto outcome = test::run_titan({"calibrate", "--fit", file});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.error.rfind("left out: h100-T1-c: model.converters: ", 0), 0u) << outcome.error;
  EXPECT_NE(outcome.error.find("\n" + file + ": has no row"), std::string::npos) << outcome.error;
}

TEST(DiffCommand, SaysWhatIsWrongWithItsArguments) {
  const Refusal refusals[] = {
      {{"diff"}, "titan diff: expects two files, found 0"},
      {{"diff", "a", "b", "--bogus"}, "--bogus: is no option of diff; allowed is --tolerance SHARE"},
      {{"diff", "a", "b", "--tolerance"}, "--tolerance: expects a text after it, found nothing"},
      {{"diff", "a", "b", "--tolerance", "much"}, "--tolerance: expects a number, found 'much'"},
      {{"diff", "a", "b", "--tolerance", "nan"}, "--tolerance: "},
      {{"diff", "a", "b", "--tolerance=-1"}, "--tolerance: must be at least 0"},
      {{"diff", "a", "b", "--tolerance", "1", "--tolerance", "2"}, "--tolerance: is given twice"},
      {{"diff", "no_such.json", "b"}, "no_such.json: cannot be read: No such file or directory"},
      {{"diff", "README.md", "README.md"}, "README.md: is no JSON: "},
      {{"diff", "docs", "docs"}, "docs: cannot be read: "},
  };
  for (const auto& refusal : refusals) expect_refused(refusal);
}

// A device, a pipe or a link is written, not replaced by a file of its name.
TEST(EstimateCommand, WritesToDevicesAndSaysWhenTheyAreFull) {
  for (const char* option : {"--json", "--html", "--trace"}) {
    const auto full = test::run_titan(arguments_8b({"--compile.no_enable", option, "/dev/full"}));
    EXPECT_EQ(full.status, 1) << option;
    EXPECT_EQ(full.error, "titan: /dev/full: cannot be written: No space left on device\n") << option;
    EXPECT_EQ(test::run_titan(arguments_8b({"--compile.no_enable", option, "/dev/null"})).status, 0) << option;
  }
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(EstimateCommand, PrintsTheConfigurationWithoutPredicting) {
  const auto outcome = test::run_titan(arguments_8b({"--job.print_config"}));  // compiled: cannot be predicted yet
  EXPECT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_EQ(outcome.output.rfind("{\n  \"job\": {", 0), 0u) << outcome.output.substr(0, 100);
  expect_refused({{"estimate", "--config", "405b", "--gpus", "3", "--job.print_config"}, "parallelism."});
}

TEST(TrainCommand, RefusesMoreRanksThanThisMachineHolds) {
  expect_refused({{"train"}, "NGPU: at most ", {{"COMM_MODE", "local_tensor"}, {"NGPU", "100000"}}});
  expect_refused({{"train"}, "NGPU: at most ", {{"NGPU", "100000"}}});
}

TEST(ValidatePublished, RefusesUnknownRows) {
  expect_refused({{"validate", "published", "--all"}, "--all: is no option of validate published; it takes rows "});
  expect_refused({{"validate", "published", ""}, "'': is no published row or table"});
  expect_refused(
      {{"validate", "published", "h100-T1"}, "h100-T1: is no published row or table; did you mean 'h100-T1-a'?"});
  expect_refused({{"validate", "publishd"}, "titan validate: unknown kind 'publishd'; did you mean 'published'?"});
}

}  // namespace
}  // namespace titan
