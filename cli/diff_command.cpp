#include "cli/diff_command.h"

#include <unistd.h>

#include <cstdio>

#include "cli/command.h"
#include "cli/repeated_option.h"
#include "estimator/report/diff.h"
#include "estimator/report/json.h"
#include "runtime/config/config_error.h"
#include "runtime/config/field.h"

namespace titan::cli {
namespace {

using Arguments = std::vector<std::string>;

constexpr const char* kDiffHelp =
    "usage: titan diff A.json B.json [--tolerance SHARE]\n\n"
    "Compares two estimates (titan estimate --json): what changed in the settings, the\n"
    "step time and the device memory, as waterfalls whose parts sum to the difference.\n"
    "They count as equal if tokens/s per GPU and device memory agree within the\n"
    "tolerance (default 0.01, one per cent).\n\n"
    "Exit status: 0 equal, 1 different, 2 a file that is no estimate. Comparing the\n"
    "dump folders of two runs is not there yet.\n";

double read_tolerance(Arguments& arguments) {
  double tolerance = 0.01;
  const auto given = take_one(arguments, "tolerance");
  if (!given) return tolerance;
  const config::Field field("--tolerance", &tolerance, "", {.minimum = 0});
  field.assign(field.read_text(*given));
  return tolerance;
}

}  // namespace

int diff_command(const Arguments& arguments) {
  if (asks_for_help(arguments)) {
    std::printf("%s", kDiffHelp);
    return kOk;
  }
  Arguments files = arguments;
  const double tolerance = read_tolerance(files);
  refuse_options(files, "diff", "allowed is --tolerance SHARE");
  if (files.size() != 2) {
    throw config::ConfigError("titan diff",
                              "expects two files, found " + std::to_string(files.size()) + " (titan diff --help)");
  }
  const auto one = estimator::read_estimate(files[0]), other = estimator::read_estimate(files[1]);
  const auto diff = estimator::diff(one, other);
  const auto text =
      estimator::diff_text(diff, files[0], files[1],
                           {.table = {.colours = estimator::wants_colours(STDOUT_FILENO)}, .tolerance = tolerance});
  std::fputs(text.c_str(), stdout);
  return estimator::same_within(diff, tolerance) ? kOk : kFailed;
}

}  // namespace titan::cli
