// `titan estimate` as a user runs it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "estimator/report/text_layout.h"
#include "tests/cli/train/run_titan.h"

namespace titan {
namespace {

using nlohmann::json;
using test::Outcome;
using Arguments = std::vector<std::string>;

Outcome estimate_8b(const Arguments& more = {}) {
  Arguments all = {"estimate", "--config", "8b", "--gpus", "8", "--compile.no_enable"};
  all.insert(all.end(), more.begin(), more.end());
  return test::run_titan(all);
}

const Arguments kTooLarge = {"--training.local_batch_size", "8"};

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void expect_at_most_80_columns(const std::string& text) {
  for (const auto& line : lines_of(text)) EXPECT_LE(estimator::display_width(line), 80u) << line;
}

TEST(EstimateCommand, AnswersFirstWhetherItFits) {
  const auto outcome = estimate_8b();
  EXPECT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.output.rfind("FITS with ", 0), 0u) << outcome.output;
  expect_at_most_80_columns(outcome.output);
}

TEST(EstimateCommand, EndsWithStatusThreeAndSaysWhatMakesItFit) {
  const auto outcome = estimate_8b(kTooLarge);
  EXPECT_EQ(outcome.status, 3) << outcome.error;
  EXPECT_EQ(outcome.output.rfind("DOES NOT FIT: ", 0), 0u) << outcome.output;
  EXPECT_TRUE(contains(outcome.output, "CUDA out of memory. Tried to allocate")) << outcome.output;
  EXPECT_TRUE(contains(outcome.output, "What makes it fit, smallest change first:")) << outcome.output;
  expect_at_most_80_columns(outcome.output);
}

// The flags are written as they are to be given: appended to the same command they make it fit.
TEST(EstimateCommand, ItsRemediesWorkWhenTheyAreAppended) {
  Arguments large = kTooLarge;
  large.insert(large.end(), {"--json", "-"});
  const auto report = json::parse(estimate_8b(large).output);
  ASSERT_FALSE(report["remedies"].empty());
  for (const auto& remedy : report["remedies"]) {
    Arguments arguments = large;
    std::istringstream words(remedy["change"].get<std::string>());
    for (std::string word; words >> word;) arguments.push_back(word);
    const auto outcome = estimate_8b(arguments);
    EXPECT_EQ(outcome.status, 0) << remedy["change"];
    const auto after = json::parse(outcome.output);
    EXPECT_EQ(after["memory"]["ranks"][0]["device_used_bytes"], remedy["device_used_bytes"]) << remedy["change"];
  }
}

// Question 6 of docs/estimate.md. An eighth of two moments of 4 bytes for each of 8030261248 parameters, and a step
// count of 4 bytes for each of 32 x 9 + 3 tensors; host memory has no allocator that rounds.
TEST(EstimateCommand, AnswersWhatTheOptimizerOnTheCpuSaves) {
  const auto table = estimate_8b({"--what-if", "training.enable_cpu_offload=false|true"});
  EXPECT_EQ(table.status, 0) << table.error;
  EXPECT_TRUE(contains(table.output, "*              false")) << table.output;
  const auto with = estimate_8b({"--training.enable_cpu_offload", "--json", "-"}),
             without = estimate_8b({"--json", "-"});
  ASSERT_EQ(with.status, 0) << with.error;
  const auto offloaded = json::parse(with.output), kept = json::parse(without.output);
  const auto &moved = offloaded["memory"]["ranks"][0], &all = kept["memory"]["ranks"][0];
  EXPECT_LT(moved["device_used_bytes"].get<int64_t>(), all["device_used_bytes"].get<int64_t>());
  EXPECT_GT(moved["peak_host_bytes"].get<int64_t>(), moved["host_categories"]["optimizer"].get<int64_t>());
  EXPECT_EQ(moved["host_categories"]["optimizer"], 8030261248 + (32 * 9 + 3) * 4);
  EXPECT_EQ(all["peak_host_bytes"], 0);
  EXPECT_GT(offloaded["step_time_s"].get<double>(), kept["step_time_s"].get<double>());
}

TEST(EstimateCommand, AssertionsDecideTheStatusAndAreAnsweredOnStandardError) {
  const auto holds = estimate_8b({"--assert", "memory<75GiB", "--assert=fits"});
  EXPECT_EQ(holds.status, 0) << holds.error;
  EXPECT_EQ(lines_of(holds.error).size(), 2u) << holds.error;
  const auto fails = estimate_8b({"--assert", "memory<75GiB", "--assert", "mfu>99"});
  EXPECT_EQ(fails.status, 3);
  ASSERT_EQ(lines_of(fails.error).size(), 2u) << fails.error;
  EXPECT_TRUE(contains(lines_of(fails.error)[1], "FAILS")) << fails.error;
  EXPECT_EQ(fails.output.rfind("FITS with ", 0), 0u) << "the report comes all the same";
}

const char* const kFields[] = {"config",         "hardware",
                               "software",       "world_size",
                               "step_time_s",    "tflops_per_gpu",
                               "mfu_percent",    "fits",
                               "interval",       "memory",
                               "time_breakdown", "coverage",
                               "elapsed_s",      "tokens_per_second_per_gpu",
                               "step_times_s"};
const char* const kRankFields[] = {
    "pp_rank",           "cp_rank",   "ep_rank", "multiplicity", "peak_allocated_bytes", "peak_reserved_bytes",
    "device_used_bytes", "categories"};

void expect_all_fields(const json& report) {
  for (const char* field : kFields) EXPECT_TRUE(report.contains(field)) << field;
  ASSERT_FALSE(report["memory"]["ranks"].empty());
  for (const auto& rank : report["memory"]["ranks"]) {
    for (const char* field : kRankFields) EXPECT_TRUE(rank.contains(field)) << field;
    int64_t sum = 0;
    for (const auto& bytes : rank["categories"]) sum += bytes.get<int64_t>();
    EXPECT_EQ(sum, rank["peak_allocated_bytes"].get<int64_t>());
  }
  EXPECT_EQ(report["interval"]["level"], 0.8);
  for (const char* field : {"tokens_per_second_per_gpu", "peak_reserved_bytes"}) {
    EXPECT_LT(report["interval"][field][0], report["interval"][field][1]) << field;
  }
}

// The first step allocates the optimizer's states, so its time is another one.
TEST(EstimateCommand, WritesTheTimeOfTheFirstStepAndOfASteadyOne) {
  const auto report = json::parse(estimate_8b({"--json", "-"}).output);
  ASSERT_EQ(report["step_times_s"].size(), 2u);
  EXPECT_GT(report["step_times_s"][0], 0.0);
  EXPECT_NE(report["step_times_s"][0], report["step_time_s"]);
  EXPECT_EQ(report["step_times_s"][1], report["step_time_s"]);
}

TEST(EstimateCommand, PrintsJsonAloneOnStandardOutputAndTheTableOnStandardError) {
  const auto outcome = estimate_8b({"--json", "-"});
  ASSERT_EQ(outcome.status, 0);
  expect_all_fields(json::parse(outcome.output));
  EXPECT_EQ(outcome.error.rfind("FITS with ", 0), 0u) << outcome.error;
}

TEST(EstimateCommand, WritesAllFieldsWithStatusThreeToo) {
  Arguments arguments = kTooLarge;
  arguments.insert(arguments.end(), {"--json", "-"});
  const auto outcome = estimate_8b(arguments);
  EXPECT_EQ(outcome.status, 3);
  const auto report = json::parse(outcome.output);
  expect_all_fields(report);
  EXPECT_EQ(report["fits"], false);
  EXPECT_TRUE(report["memory"]["ranks"][0].contains("out_of_memory"));
}

TEST(EstimateCommand, ListsSettingsOfTheJobAndNoneOfItsOwnOptions) {
  const std::string file = test::fresh_folder("estimate") + "/report.json";
  ASSERT_EQ(estimate_8b({"--json", file, "--training.seq_len", "4096"}).status, 0);
  const auto settings = json::parse(read_file(file))["settings"];
  EXPECT_EQ(settings["training.seq_len"], "4096");
  for (const auto& [key, value] : settings.items()) EXPECT_TRUE(contains(key, ".")) << key;
}

TEST(EstimateCommand, WritesAPageThatRefersToNothingOutsideItself) {
  const std::string file = test::fresh_folder("estimate") + "/page.html";
  Arguments arguments = kTooLarge;
  arguments.insert(arguments.end(), {"--html", file});
  EXPECT_EQ(estimate_8b(arguments).status, 3);
  const std::string page = read_file(file);
  EXPECT_EQ(page.rfind("<!doctype html>", 0), 0u) << page.substr(0, 100);
  for (const char* reference : {"http://", "https://", "src=", "href=", "@import", "url(", "<link", "<iframe"}) {
    EXPECT_FALSE(contains(page, reference)) << reference;
  }
  EXPECT_TRUE(contains(page, "<svg"));
}

TEST(EstimateCommand, WritesATimelineInWhichOperatorsCanBeShown) {
  const std::string folder = test::fresh_folder("estimate");
  ASSERT_EQ(estimate_8b({"--trace", folder + "/units.json"}).status, 0);
  ASSERT_EQ(estimate_8b({"--trace", folder + "/operators.json", "--operators"}).status, 0);
  const auto units = json::parse(read_file(folder + "/units.json"))["traceEvents"];
  const auto operators = json::parse(read_file(folder + "/operators.json"))["traceEvents"];
  EXPECT_GT(units.size(), 100u);
  EXPECT_GT(operators.size(), 2 * units.size());
  EXPECT_EQ(units[0]["name"], "process_name");
  EXPECT_EQ(units[0]["args"]["name"], "8 ranks like rank") << "viewers put the process's number behind";
  EXPECT_EQ(units[0]["pid"], 0);
  for (const auto& event : operators) {
    if (event["ph"] == "X") {
      EXPECT_GE(event["dur"].get<double>(), 0.0) << event;
    }
  }
}

TEST(EstimateCommand, AWhatIfHasARowForEveryCombination) {
  const auto outcome =
      estimate_8b({"--what-if", "training.local_batch_size=1|2|4", "--what-if", "activation_checkpoint.mode=none|full",
                   "--what-if=hardware=h100_sxm_80gb|h200_sxm"});
  ASSERT_EQ(outcome.status, 0) << outcome.error;
  const auto lines = lines_of(outcome.output);
  const auto is_row = [](const std::string& line) {
    return contains(line, "h100_sxm_80gb") || contains(line, "h200_sxm");
  };
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), is_row), 3 * 2 * 2) << outcome.output;
  expect_at_most_80_columns(outcome.output);
}

TEST(EstimateCommand, AWhatIfShowsTheCombinationsThatAreWrongBesideTheOthers) {
  const auto outcome = estimate_8b({"--what-if", "tensor_parallel_degree=1|3"});
  EXPECT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_TRUE(contains(outcome.output, "parallelism.data_parallel_shard_degree")) << outcome.output;
  EXPECT_TRUE(contains(outcome.output, "yes")) << outcome.output;
  expect_at_most_80_columns(outcome.output);
}

// A row is what the same flags give alone.
TEST(EstimateCommand, ARowOfAWhatIfIsTheEstimateOfItsFlags) {
  const auto table = estimate_8b({"--what-if", "training.seq_len=4096|8192"}).output;
  for (const char* seq_len : {"4096", "8192"}) {
    const auto report = estimate_8b({"--training.seq_len", seq_len}).output;
    const size_t at = report.find("tokens/s per GPU") + std::string("tokens/s per GPU").size();
    std::istringstream rest(report.substr(at));
    std::string rate;
    rest >> rate;
    EXPECT_TRUE(contains(table, " " + rate + " ")) << rate << "\n" << table;
  }
}

// 8B has 32 blocks: as one they are gathered at once, before anything can hide it. Half the bytes of reduction hide
// better.
TEST(EstimateCommand, WrappingAndTheFormatOfReductionChangeTheStep) {
  const auto report = [](Arguments more) {
    more.insert(more.end(), {"--json", "-"});
    return json::parse(estimate_8b(more).output);
  };
  const auto exposed = [](const json& one) {
    return one["time_breakdown"]["exposed_communication_s"]["fsdp"].get<double>();
  };
  const auto reserved = [](const json& one) { return one["memory"]["ranks"][0]["peak_reserved_bytes"].get<int64_t>(); };
  const auto plain = report({}), together = report({"--titan.fsdp_blocks_per_unit", "32"});
  EXPECT_EQ(together["settings"]["titan.fsdp_blocks_per_unit"], "32");
  EXPECT_GT(exposed(together), 2 * exposed(plain));
  EXPECT_GT(reserved(together), reserved(plain));
  EXPECT_LT(exposed(report({"--training.mixed_precision_reduce", "bfloat16"})), exposed(plain));
}

// The issue: 1 s for 405B, 0.6 s for 8B, with start-up, and 1 GB. Processor time, twice as much for slow machines.
TEST(EstimateCommand, TakesLittleTimeAndMemory) {
  const auto large = test::run_titan({"estimate", "--config", "llama3_405b", "--gpus", "512", "--hardware",
                                      "h100_sxm_96gb_500w", "--compile.no_enable",
                                      "--parallelism.no_enable_async_tensor_parallel", "--model.converters", ""});
  EXPECT_EQ(large.status, 0) << large.error;
  EXPECT_LE(large.cpu_s, 2.0);
  EXPECT_LE(large.peak_memory_bytes, 1e9);
  EXPECT_LE(estimate_8b().cpu_s, 1.2);
}

TEST(EstimateCommand, TakesTheNumberOfGpusFromTheCommandLineThenTheEnvironmentThenTheFile) {
  const auto world_size = [](const Arguments& more, const std::map<std::string, std::string>& environment) {
    Arguments all = {"estimate",
                     "--config",
                     "configs/published/h100-T1-a.toml",
                     "--training.global_batch_size=-1",
                     "--parallelism.data_parallel_shard_degree=-1",
                     "--json",
                     "-"};
    all.insert(all.end(), more.begin(), more.end());
    return json::parse(test::run_titan(all, environment).output)["world_size"].get<int>();
  };
  EXPECT_EQ(world_size({}, {}), 8);
  EXPECT_EQ(world_size({}, {{"NGPU", "16"}}), 16);
  EXPECT_EQ(world_size({"--gpus", "32"}, {{"NGPU", "16"}}), 32);
}

TEST(DiffCommand, ComparesTwoReportsOfEstimate) {
  const std::string folder = test::fresh_folder("estimate");
  ASSERT_EQ(estimate_8b({"--json", folder + "/a.json"}).status, 0);
  ASSERT_EQ(estimate_8b({"--json", folder + "/b.json", "--training.seq_len", "4096"}).status, 0);
  const auto outcome = test::run_titan({"diff", folder + "/a.json", folder + "/b.json"});
  EXPECT_TRUE(contains(outcome.output, "training.seq_len")) << outcome.output << outcome.error;
  EXPECT_FALSE(contains(outcome.output, "b.json\"")) << "the file's own name is no setting: " << outcome.output;
  EXPECT_EQ(test::run_titan({"diff", folder + "/a.json", folder + "/missing.json"}).status, 2);
}

}  // namespace
}  // namespace titan
