#include "cli/schedule_command.h"

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <optional>
#include <sstream>

#include "runtime/config/command_line.h"
#include "runtime/config/config_error.h"
#include "runtime/files/write_file.h"
#include "runtime/parallel/pipeline/lower.h"
#include "runtime/parallel/pipeline/make_schedule.h"
#include "runtime/parallel/pipeline/picture.h"
#include "runtime/parallel/pipeline/schedule_csv.h"
#include "runtime/parallel/pipeline/timing.h"

namespace titan::cli {
namespace {

using pipeline::Schedule;
using pipeline::ScheduleShape;
using pipeline::ScheduleTraits;

constexpr const char* kHelp = R"(titan schedule: draws who computes what and when in a pipeline

A pipeline cuts a model into stages of layers, one or several on each rank, and a batch into
microbatches. A schedule is the order of each rank's work: F a forward, B a backward, or its halves:
I the gradients of the inputs, for which the stage before waits, and W those of the weights, for which
nobody waits. While the pipeline fills and drains ranks wait: that is the bubble. A microbatch between
its forward and the end of its backward is in flight: its activations take memory.

  titan schedule --pp 4 --microbatches 8                                1F1B, and its bubble
  titan schedule --pp 4 --microbatches 8 --schedule Interleaved1F1B     two stages per rank: half of it
  titan schedule --pp 4 --microbatches 8 --compare                      all schedules in a table
  titan schedule --pp 4 --schedule ZBVZeroBubble --actions --lowered    with sends and receives
  titan schedule --pp 2 --schedule LoopedBFS --csv mine.csv             a file to change by hand ...
  titan schedule --read mine.csv                                        ... to check and draw

A configuration names its schedule with parallelism.pipeline_parallel_schedule, or, beside the name
PipelineScheduleMulti, an own file with parallelism.pipeline_parallel_schedule_csv.

Exit status: 0; 2 for wrong options, sizes that a schedule refuses, or a file that holds no valid schedule.
)";

struct Options {
  std::optional<std::string> schedule;
  std::optional<int64_t> pp;
  std::optional<int64_t> stages_per_rank;
  std::optional<int64_t> microbatches;
  pipeline::Durations durations;
  std::optional<double> backward;
  bool actions = false;
  bool lowered = false;
  bool compare = false;
  std::optional<std::string> csv;
  std::optional<std::string> read;
  int64_t width = 120;
};

config::Schema declare(Options& options) {
  config::Schema schema;
  constexpr double kMost = pipeline::kMostForwards;
  schema.section("", "options")
      .field("schedule", options.schedule, "name, in any case (default 1F1B)")
      .field("pp", options.pp, "ranks of the pipeline (default 4)", {.minimum = 1, .maximum = kMost})
      .field("stages_per_rank", options.stages_per_rank, "stages on each rank (default: 1 or 2, as the schedule needs)",
             {.minimum = 1, .maximum = kMost})
      .field("microbatches", options.microbatches, "microbatches of a batch (default: twice --pp)",
             {.minimum = 1, .maximum = kMost})
      .field("forward", options.durations.forward, "how long F takes, in any unit (default 1)", {.above = 0})
      .field("backward_input", options.durations.backward_input, "how long I takes (default 1)", {.above = 0})
      .field("backward_weight", options.durations.backward_weight, "how long W takes (default 1)", {.above = 0})
      .field("backward", options.backward, "how long B takes (default: I and W)", {.above = 0})
      .field("transfer", options.durations.transfer, "how long data is on its way to the next rank (default 0)",
             {.minimum = 0})
      .field("compare", options.compare, "print a table of all schedules of these sizes instead")
      .field("actions", options.actions, "list each rank's actions instead of the picture")
      .field("lowered", options.lowered, "list and write also transfers, UNSHARD, RESHARD and REDUCE_GRAD")
      .field("csv", options.csv, "write the schedule to this file, one line per rank")
      .field("read", options.read, "check and draw the schedule of this file; --pp and so on say what it must have")
      .field("width", options.width, "columns of the output (default 120)", {.minimum = 40, .maximum = 10'000});
  return schema;
}

void print_help(std::ostream& out) {
  Options options;
  out << kHelp << "\nschedules:\n";
  for (const ScheduleTraits& one : pipeline::all_schedules()) {
    out << "  " << std::left << std::setw(24) << one.name << one.summary << "\n";
  }
  out << "\noptions:\n";
  const config::Schema schema = declare(options);
  for (const config::Field& field : schema.sections().front().fields()) {
    std::string name = "--" + field.key();
    std::replace(name.begin(), name.end(), '_', '-');
    out << "  " << std::left << std::setw(24) << name << field.meaning() << "\n";
  }
}

ScheduleShape shape_of(const Options& options, pipeline::ScheduleKind kind) {
  const int64_t pp = options.pp.value_or(4);
  const int64_t default_stages = pipeline::traits_of(kind).single_stage ? 1 : 2;
  return {.kind = kind,
          .num_ranks = static_cast<int>(pp),
          .stages_per_rank = static_cast<int>(options.stages_per_rank.value_or(default_stages)),
          .num_microbatches = static_cast<int>(options.microbatches.value_or(2 * pp))};
}

pipeline::ShapeKeys option_names() { return {"--schedule", "--stages-per-rank", "--microbatches"}; }

Schedule read_schedule(const Options& options) {
  const Schedule schedule = pipeline::read_schedule_csv(
      *options.read, {.num_ranks = static_cast<int>(options.pp.value_or(0)),
                      .num_microbatches = static_cast<int>(options.microbatches.value_or(0))});
  const int64_t per_rank = options.stages_per_rank.value_or(0);
  if (per_rank == 0 || per_rank * schedule.num_ranks() == schedule.num_stages()) return schedule;
  throw config::ConfigError("--stages-per-rank", "expected " + std::to_string(per_rank) + ", but " + *options.read +
                                                     " has " + std::to_string(schedule.num_stages()) + " stages on " +
                                                     std::to_string(schedule.num_ranks()) + " ranks");
}

std::string fixed(double value, int digits) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << value;
  return text.str();
}

std::string percent(double share) { return fixed(100 * share, 1) + " %"; }

/// Prints words with spaces between them, in lines of at most `width` columns that begin under each other.
void print_wrapped(const std::string& head, const std::vector<std::string>& words, int64_t width, std::ostream& out) {
  std::string line = head;
  for (const std::string& word : words) {
    if (line.size() > head.size() && line.size() + 1 + word.size() > static_cast<size_t>(width)) {
      out << line << "\n";
      line = std::string(head.size(), ' ');
    }
    line += " " + word;
  }
  out << line << "\n";
}

void print_actions(const Schedule& schedule, int64_t width, std::ostream& out) {
  for (int rank = 0; rank < schedule.num_ranks(); ++rank) {
    std::vector<std::string> words;
    for (const auto& action : schedule.ranks[rank]) words.push_back(to_string(action));
    print_wrapped("rank " + std::to_string(rank) + ":", words, width, out);
  }
}

void print_figures(const Schedule& schedule, const pipeline::Timeline& timeline, const Options& options,
                   std::ostream& out) {
  const auto& durations = options.durations;
  out << "durations      F " << durations.forward << ", I " << durations.backward_input << ", W "
      << durations.backward_weight << ", B " << durations.of(pipeline::ActionKind::kBackward) << ", transfer "
      << durations.transfer << "\n"
      << "step           " << fixed(timeline.length, 2) << ", of which the busiest rank computes "
      << fixed(*std::max_element(timeline.busy.begin(), timeline.busy.end()), 2) << "\n"
      << "bubble         " << percent(timeline.bubble_share()) << " of the ranks' time\n";
  std::vector<std::string> peaks;
  for (const int peak : peak_in_flight(schedule)) peaks.push_back(std::to_string(peak));
  print_wrapped("in flight     ", peaks, options.width, out);
  out << "               most microbatches at once on each rank, counted for each of its stages\n";
}

/// One line of the comparison. Durations are those of all layers of a rank, so that schedules with several stages per
/// rank compare with those that have one.
void print_compared(const Options& options, const ScheduleTraits& traits, std::ostream& out) {
  Options own = options;
  if (traits.single_stage || traits.placement == pipeline::Placement::kV) own.stages_per_rank.reset();
  const ScheduleShape shape = shape_of(own, traits.kind);
  const Schedule schedule = make_schedule(shape, option_names());
  const double share = 1.0 / shape.stages_per_rank;
  pipeline::Durations durations = options.durations;
  durations.forward *= share;
  durations.backward_input *= share;
  durations.backward_weight *= share;
  if (durations.backward) *durations.backward *= share;
  const auto timeline = ideal_timeline(schedule, durations);
  const auto peaks = peak_in_flight(schedule);
  out << std::setw(8) << schedule.num_stages() << std::setw(12) << fixed(timeline.length, 2) << std::setw(10)
      << percent(timeline.bubble_share()) << std::setw(12) << fixed(share * peaks.front(), 2) << std::setw(8)
      << fixed(share * peaks.back(), 2) << "\n";
}

void print_comparison(const Options& options, std::ostream& out) {
  out << std::left << std::setw(24) << "schedule" << std::right << std::setw(8) << "stages" << std::setw(12) << "step"
      << std::setw(10) << "bubble" << std::setw(12) << "in flight" << std::setw(8) << "last"
      << "\n";
  for (const ScheduleTraits& one : pipeline::all_schedules()) {
    if (!one.generated) continue;
    out << std::left << std::setw(24) << one.name << std::right;
    try {
      print_compared(options, one, out);
    } catch (const config::ConfigError& error) {
      out << "  " << error.message() << "\n";
    }
  }
  out << "\nF, I and W take the given time for all layers of a rank; a stage takes its share of it.\n"
         "in flight: the most microbatches at once, of all layers, on the first and on the last rank.\n";
}

Options parse(const std::vector<std::string>& arguments) {
  Options options;
  const config::Schema schema = declare(options);
  for (auto& option : config::parse_command_line(schema, arguments)) option.field->assign(std::move(option.value));
  options.durations.backward = options.backward;
  return options;
}

/// Refuses options that would be ignored.
void check_together(const Options& options) {
  const auto refuse = [](bool both, const char* option, const char* other) {
    if (both) throw config::ConfigError(option, std::string("has no meaning with ") + other);
  };
  refuse(options.read && options.schedule, "--schedule", "--read: the order is the file's");
  refuse(options.compare && options.schedule, "--schedule", "--compare, which shows all");
  refuse(options.compare && options.read, "--read", "--compare");
  refuse(options.compare && options.csv, "--csv", "--compare");
  refuse(options.compare && options.actions, "--actions", "--compare");
  if (options.lowered && !options.actions && !options.csv)
    throw config::ConfigError("--lowered", "needs --actions or --csv: the picture shows computations only");
}

}  // namespace

void print_schedule(const std::vector<std::string>& arguments, std::ostream& out) {
  const bool help = std::any_of(arguments.begin(), arguments.end(),
                                [](const std::string& word) { return word == "--help" || word == "-h"; });
  if (help) return print_help(out);
  const Options options = parse(arguments);
  check_together(options);
  if (options.compare) return print_comparison(options, out);
  const auto kind = pipeline::parse_schedule_kind("--schedule", options.schedule.value_or("1F1B"));
  const Schedule schedule =
      options.read ? read_schedule(options) : make_schedule(shape_of(options, kind), option_names());
  const Schedule listed = options.lowered ? lower(schedule) : schedule;
  if (options.csv) files::write_file(*options.csv, schedule_csv(listed));
  const auto timeline = ideal_timeline(schedule, options.durations);
  out << (options.read ? *options.read : pipeline::traits_of(kind).name) << ": " << schedule.num_ranks() << " ranks, "
      << schedule.num_stages() << " stages, " << schedule.num_microbatches << " microbatches\n\n";
  if (options.actions) {
    print_actions(listed, options.width, out);
  } else {
    out << draw(schedule, timeline, static_cast<int>(options.width))
        << "\nF forward, B backward, I and W its halves (inputs, weights); number: microbatch; - goes on, . waits\n";
  }
  out << "\n";
  print_figures(schedule, timeline, options, out);
}

int schedule_command(const std::vector<std::string>& arguments) {
  print_schedule(arguments, std::cout);
  return 0;
}

}  // namespace titan::cli
