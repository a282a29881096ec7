#include "cli/validate_command.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "cli/command.h"
#include "cli/gpu_command.h"
#include "cli/job.h"
#include "cli/output_path.h"
#include "cli/published_command.h"
#include "cli/ranks_limit.h"
#include "models/registry.h"
#include "runtime/config/config_error.h"
#include "runtime/config/nearest.h"
#include "runtime/config/rules/validate.h"
#include "runtime/files/write_file.h"
#include "runtime/train/dtypes.h"
#include "validate/divergence/divergence.h"
#include "validate/divergence/report_text.h"

namespace titan::cli {
namespace {

using Arguments = std::vector<std::string>;

constexpr int64_t kRanksToFill = 8;  // dp_shard -1 without NGPU

constexpr const char* kKinds =
    "usage: titan validate KIND [--config FILE] [--section.key value]...\n\n"
    "kinds:\n"
    "  divergence   a composition of parallelisms against one rank, tensor by tensor\n"
    "  published    predictions against published measurements\n"
    "  gpu          predictions against a GPU at hand\n"
    "  parity       not there yet: losses against other programs\n"
    "  convergence  not there yet: loss curves of longer runs\n\n"
    "`titan validate divergence --help` explains it.\n";

constexpr const char* kDivergenceHelp =
    "usage: titan validate divergence [--config FILE] [--section.key value]...\n\n"
    "Runs the configured composition, one thread per rank, and the same training on\n"
    "one rank without any parallelism, step by step, on made-up tokens. Reports the\n"
    "first tensor in which a rank leaves the one-rank reference: step, microbatch,\n"
    "phase, unit, tensor, rank, both values, the errors by unit. No data set and no\n"
    "tokenizer are read. Memory: the reference's activations of one whole step.\n\n"
    "Exit status: 0 they agree, 1 they differ, 2 the configuration is wrong.\n\n"
    "examples:\n"
    "  titan validate divergence --parallelism.tensor_parallel_degree 2\n"
    "      tp 2 of llama3_tiny, the other ranks of 8 sharding the parameters\n"
    "  NGPU=4 titan validate divergence --config debug --steps 3\n"
    "      a shipped configuration on 4 ranks\n"
    "  titan validate divergence --titan.dtype float32 --json report.json\n"
    "      in float32; the same report as JSON\n\n"
    "The number of ranks is NGPU, else the product of the degrees (with\n"
    "data_parallel_shard_degree -1: filled up to 8). Every key:\n";

struct Options {
  int64_t steps = 2;
  std::optional<double> tolerance;
  std::optional<std::string> json;
};

void declare(config::Schema& schema, Options& options) {
  schema.section("")
      .field("steps", options.steps, "steps to compare", {.minimum = 1})
      .field("tolerance", options.tolerance,
             "relative error of a tensor that counts as equal; none: 1e-9 in float64, 1e-4 in float32", {.above = 0})
      .field("json", options.json, "file to write the report to as JSON");
}

int world_size(const Job& job) {
  if (job.loaded.num_gpus) {
    check_ranks("NGPU", *job.loaded.num_gpus, kComparedThreads);
    return static_cast<int>(*job.loaded.num_gpus);
  }
  const mesh::Degrees degrees = config::degrees_of(job.config);
  int64_t count = 1;
  const auto times = [&count](const char* key, int64_t degree) {
    check_ranks(key, degree, kComparedThreads);
    count *= degree;
    check_ranks(key, count, kComparedThreads);
  };
  times("parallelism.data_parallel_replicate_degree", degrees.dp_replicate);
  times("parallelism.context_parallel_degree", degrees.cp);
  times("parallelism.tensor_parallel_degree", degrees.tp);
  times("parallelism.pipeline_parallel_degree", degrees.pp);
  times("parallelism.data_parallel_shard_degree",
        degrees.dp_shard > 0 ? degrees.dp_shard : std::max<int64_t>(1, kRanksToFill / count));
  return static_cast<int>(count);
}

double tolerance(const Options& options, c10::ScalarType dtype) {
  if (options.tolerance) return *options.tolerance;
  if (dtype == c10::kDouble) return 1e-9;
  if (dtype == c10::kFloat) return 1e-4;
  throw config::ConfigError("titan.dtype", "has no tolerance of its own; found bfloat16, give --tolerance with it");
}

validate::DivergenceOptions make_options(const Job& job, const Options& options, const train::ModelSpec& model) {
  const auto dtype = train::parse_dtype(job.titan.dtype.value_or("float64"));
  return {.config = job.config,
          .model = model,
          .world_size = world_size(job),
          .num_steps = options.steps,
          .dtype = dtype,
          .tolerance = tolerance(options, dtype),
          .fsdp_blocks_per_unit = job.titan.fsdp_blocks_per_unit,
          .progress = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }};
}

int run_divergence(const Arguments& arguments) {
  Options options;
  if (asks_for_help(arguments)) {
    return print_help(kDivergenceHelp, [&](config::Schema& schema) { declare(schema, options); });
  }
  const auto job = load_job(arguments, "llama3_tiny", [&](config::Schema& schema) { declare(schema, options); });
  const auto model = models::find_model(job->config.model.name, job->config.model.flavor);
  const auto run = make_options(*job, options, model);
  if (job->config.job.print_config) return print_config(*job, model, run.world_size);
  const WorldPlan plan{.kind = WorldKind::threads, .world = {.size = run.world_size}};
  const auto notices = check_rules(*job, model, plan);
  check_fits(*job, model);
  if (options.json) check_output_path("json", *options.json);
  for (const auto& notice : notices) std::fprintf(stderr, "%s\n", notice.c_str());
  const auto report = validate::find_divergence(run);
  std::printf("%s", validate::report_text(report).c_str());
  if (options.json) files::write_file(*options.json, validate::report_json(report));
  return report.agrees() ? kOk : kFailed;
}

int refuse_kind(const std::string& kind) {
  const Arguments later = {"parity", "convergence"};
  if (std::find(later.begin(), later.end(), kind) != later.end()) {
    std::fprintf(stderr, "titan validate: %s is not there yet\n", kind.c_str());
    return kUsage;
  }
  const std::string hint = config::did_you_mean(kind, {"divergence", "published", "parity", "convergence", "gpu"});
  std::fprintf(stderr, "titan validate: unknown kind '%s'%s (titan validate lists all)\n", kind.c_str(), hint.c_str());
  return kUsage;
}

}  // namespace

int validate_command(const Arguments& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h") {
    std::printf("%s", kKinds);
    return kOk;
  }
  if (arguments[0] == "divergence") return run_divergence({arguments.begin() + 1, arguments.end()});
  if (arguments[0] == "published") return published_command({arguments.begin() + 1, arguments.end()});
  if (arguments[0] == "gpu") return gpu_command({arguments.begin() + 1, arguments.end()});
  return refuse_kind(arguments[0]);
}

}  // namespace titan::cli
