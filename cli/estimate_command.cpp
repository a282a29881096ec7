#include "cli/estimate_command.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "cli/command.h"
#include "cli/output_path.h"
#include "cli/prediction.h"
#include "cli/progress.h"
#include "cli/repeated_option.h"
#include "estimator/report/assertion.h"
#include "estimator/report/html.h"
#include "estimator/report/json.h"
#include "estimator/report/table.h"
#include "estimator/report/what_if.h"
#include "estimator/simulate/remedies.h"
#include "estimator/simulate/simulate.h"
#include "estimator/simulate/trace_file.h"
#include "models/registry.h"
#include "runtime/config/config_error.h"
#include "runtime/config/rules/validate.h"
#include "runtime/files/write_file.h"

namespace titan::cli {
namespace {

using Arguments = std::vector<std::string>;
using Clock = std::chrono::steady_clock;

constexpr const char* kEstimateHelp =
    "usage: titan estimate [--config FILE] [--hardware H] [--cluster C] [--software S]\n"
    "                      [--gpus N] [--section.key value]...\n\n"
    "Predicts memory and speed of a training step without a GPU: the step that would\n"
    "train is executed on a simulated device, its trace replayed with the costs of a\n"
    "hardware file. Opens no data set and no tokenizer.\n\n"
    "options:\n"
    "  --json FILE            the report as JSON (docs/estimate.schema.json); '-':\n"
    "                         JSON alone on standard output\n"
    "  --html FILE            one page: memory over time, timeline, breakdown\n"
    "  --trace FILE           timeline for ui.perfetto.dev; --operators: each operator\n"
    "  --what-if 'key=a|b|c'  one table over values; several: all combinations\n"
    "  --assert 'memory<75GiB'  exit status 3 unless it holds; may be repeated\n\n"
    "Exit status: 0 ok, 2 the configuration is wrong (of --what-if: every row), 3 it\n"
    "does not fit the device or an assertion does not hold.\n\n"
    "examples:\n"
    "  titan estimate --config 8b --gpus 8 --compile.no_enable\n"
    "  titan estimate --config 8b --gpus 64 --hardware a100_sxm_80gb \\\n"
    "      --what-if 'training.local_batch_size=1|2|4'\n\n"
    "Every key:\n";

struct Options {
  std::optional<std::string> json, html, trace;
  bool operators = false;
  std::vector<estimator::WhatIf> what_if;
  std::vector<estimator::Assertion> assertions;
};

void declare(config::Schema& schema, Options& options) {
  schema.section("")
      .field("json", options.json, "file to write the report to as JSON; -: standard output")
      .field("html", options.html, "file to write the report to as a page")
      .field("trace", options.trace, "file to write a timeline to, for ui.perfetto.dev")
      .field("operators", options.operators, "the timeline shows each operator, not only units and communication");
}

std::unique_ptr<Job> load(const Arguments& arguments, Options& options) {
  return load_job(arguments, "", [&](config::Schema& schema) { declare(schema, options); });
}

/// A configuration and what predicts it.
struct Run {
  explicit Run(std::unique_ptr<Job> loaded)
      : job(std::move(loaded)),
        model(models::find_model(job->config.model.name, job->config.model.flavor)),
        prediction(*job, model, num_imagined_ranks(*job)) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  std::unique_ptr<Job> job;
  train::ModelSpec model;
  Prediction prediction;
};

std::optional<estimator::Estimate> predict_other(const Run& run, const config::JobConfig& config) {
  estimator::Request request = run.prediction.request();
  try {
    config::validate(config, {.world_size = request.world_size, .model = run.model.dims});
    return estimator::simulate({.config = config,
                                .model = request.model,
                                .machine = request.machine,
                                .world_size = request.world_size,
                                .uniform_dtype = request.uniform_dtype,
                                .fsdp_blocks_per_unit = request.fsdp_blocks_per_unit});
  } catch (const config::ConfigError&) {
    return std::nullopt;  // the change contradicts something else
  }
}

void describe(const Run& run, estimator::Subject& subject) {
  const auto& file = run.job->loaded.config_file;
  subject.config = file.empty() ? "defaults" : file.filename().string();
  subject.notices = run.prediction.notices();
  for (const auto& [key, origin] : run.job->loaded.origins) {
    const auto* field = run.job->schema.find(key);
    const bool is_setting = key.find('.') != std::string::npos;  // not one of this command's own options
    if (is_setting && field && !field->at_default()) subject.keys[key] = config::to_text(field->value());
  }
}

estimator::Estimate predict(const Run& run, const estimator::Recording& recording, bool keep_times) {
  auto estimate = estimator::simulate(run.prediction.request(), recording, keep_times);
  describe(run, estimate.subject);
  if (!estimate.fits) {
    Progress progress("titan estimate");
    estimate.remedies = estimator::find_remedies(run.job->config, [&](const config::JobConfig& config) {
      progress.say("looking for a change that makes it fit");
      return predict_other(run, config);
    });
  }
  return estimate;
}

/// Says whether all hold; a line each on standard error.
bool check_assertions(const std::vector<estimator::Assertion>& assertions, const estimator::Estimate& estimate) {
  bool all = true;
  for (const auto& assertion : assertions) {
    const auto verdict = estimator::check_assertion(assertion, estimate);
    std::fprintf(stderr, "%s\n", verdict.text.c_str());
    all = all && verdict.holds;
  }
  return all;
}

void write_files(const Run& run, const Options& options, const estimator::Recording& recording,
                 const estimator::Estimate& estimate) {
  if (options.json && *options.json != "-") files::write_file(*options.json, estimator::to_json(estimate));
  if (options.html) files::write_file(*options.html, estimator::html(estimate));
  if (options.trace) {
    files::write_file(*options.trace, estimator::timeline_json(recording, run.prediction.machine(), options.operators));
  }
}

void check_output_paths(const Options& options) {
  if (options.json && *options.json != "-") check_output_path("json", *options.json);
  if (options.html) check_output_path("html", *options.html);
  if (options.trace) check_output_path("trace", *options.trace);
}

int report_one(const Arguments& arguments, Options& options, Clock::time_point begin) {
  auto job = load(arguments, options);
  if (job->config.job.print_config) {
    const auto model = models::find_model(job->config.model.name, job->config.model.flavor);
    return print_config(*job, model, num_imagined_ranks(*job));
  }
  const Run run(std::move(job));
  check_output_paths(options);
  const auto recording = estimator::record(run.prediction.request());
  auto estimate = predict(run, recording, options.html.has_value());
  estimate.elapsed_s = std::chrono::duration<double>(Clock::now() - begin).count();
  const bool json_alone = options.json == "-";
  const int descriptor = json_alone ? STDERR_FILENO : STDOUT_FILENO;
  std::fputs(estimator::table(estimate, {.colours = estimator::wants_colours(descriptor)}).c_str(),
             json_alone ? stderr : stdout);
  if (json_alone) std::fputs(estimator::to_json(estimate).c_str(), stdout);
  write_files(run, options, recording, estimate);
  const bool holds = check_assertions(options.assertions, estimate);
  return estimate.fits && holds ? kOk : kDoesNotFit;
}

estimator::WhatIfRow answer(const Arguments& arguments, const estimator::Overrides& overrides,
                            const Arguments& changes) {
  estimator::WhatIfRow row{.overrides = overrides, .estimate = {}, .error = {}};
  try {
    Arguments all = arguments;
    all.insert(all.end(), changes.begin(), changes.end());
    Options unused;
    const Run run(load(all, unused));
    row.estimate = estimator::simulate(run.prediction.request());
    describe(run, row.estimate->subject);
  } catch (const config::ConfigError& error) {
    row.error = error.what();
  }
  return row;
}

int report_what_if(const Arguments& arguments, Options& options) {
  const auto job = load(arguments, options);
  const bool other_output = options.json || options.html || options.trace || options.operators ||
                            !options.assertions.empty() || job->config.job.print_config;
  if (other_output) {
    throw config::ConfigError(
        "--what-if",
        "gives one table; leave out --json, --html, --trace, --operators, --assert and --job.print_config");
  }
  estimator::resolve_keys(options.what_if, job->schema);
  std::vector<estimator::WhatIfRow> rows;
  Progress progress("titan estimate");
  const auto combinations = estimator::combinations(options.what_if);
  for (const auto& overrides : combinations) {
    progress.say("combination " + std::to_string(rows.size() + 1) + " of " + std::to_string(combinations.size()));
    rows.push_back(answer(arguments, overrides, estimator::as_arguments(overrides, job->schema)));
  }
  std::fputs(estimator::what_if_table(rows, {.colours = estimator::wants_colours(STDOUT_FILENO)}).c_str(), stdout);
  const bool any = std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.estimate.has_value(); });
  if (!any) throw config::ConfigError("--what-if", "no combination could be predicted; the table says why");
  return kOk;
}

}  // namespace

int estimate_command(const Arguments& arguments) {
  const auto begin = Clock::now();
  Options options;
  if (asks_for_help(arguments)) {
    return print_help(kEstimateHelp, [&](config::Schema& schema) { declare(schema, options); });
  }
  Arguments rest = arguments;
  for (const auto& text : take_repeated(rest, "what-if")) options.what_if.push_back(estimator::parse_what_if(text));
  for (const auto& text : take_repeated(rest, "assert")) options.assertions.push_back(estimator::parse_assertion(text));
  return options.what_if.empty() ? report_one(rest, options, begin) : report_what_if(rest, options);
}

}  // namespace titan::cli
