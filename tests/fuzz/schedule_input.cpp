#include "tests/fuzz/schedule_input.h"

#include <stdexcept>
#include <string>

#include "runtime/config/config_error.h"
#include "runtime/parallel/pipeline/lower.h"
#include "runtime/parallel/pipeline/picture.h"
#include "runtime/parallel/pipeline/schedule_csv.h"
#include "runtime/parallel/pipeline/timing.h"
#include "runtime/parallel/pipeline/validate.h"

namespace titan::fuzz {
namespace {

void use(const pipeline::Schedule& schedule) {
  const auto again = pipeline::parse_schedule_csv(pipeline::schedule_csv(schedule), "written.csv");
  if (again != schedule) throw std::logic_error("what was written reads differently");
  pipeline::draw(schedule, pipeline::ideal_timeline(schedule), 80);
  const auto lowered = pipeline::lower(schedule);
  // Transfers that a file brings along may hold only when they are posted together.
  if (const auto defect = pipeline::find_defect(lowered, pipeline::Transfers::kBatched))
    throw std::logic_error("what was lowered is broken: " + pipeline::to_string(*defect));
}

}  // namespace

void try_schedule(std::string_view input) {
  try {
    use(pipeline::parse_schedule_csv(input, "fuzz.csv"));
  } catch (const config::ConfigError& error) {
    const std::string text = error.what();
    if (text.find('\n') != std::string::npos) throw std::logic_error("an error of several lines: " + text);
  }
}

}  // namespace titan::fuzz
