#include "estimator/simulate/trace_file.h"

#include "estimator/simulate/price.h"
#include "sim/trace/chrome_trace.h"

namespace titan::estimator {
namespace {

std::string describe(const RecordedRole& role) {
  return role.multiplicity == 1 ? "rank" : std::to_string(role.multiplicity) + " ranks like rank";
}

}  // namespace

std::string timeline_json(const Recording& recording, const hardware::Machine& machine, bool operators) {
  const auto times = replay_roles(recording, machine, true);
  std::vector<trace::TimedTrace> timed;
  for (size_t i = 0; i < recording.roles.size(); ++i) {
    timed.push_back(
        {.trace = &recording.roles[i].trace, .times = times[i].timeline, .name = describe(recording.roles[i])});
  }
  return trace::chrome_trace(timed, {.operators = operators});
}

}  // namespace titan::estimator
