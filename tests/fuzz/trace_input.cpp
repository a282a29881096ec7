#include "tests/fuzz/trace_input.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"
#include "sim/replay/deadlock.h"
#include "sim/trace/chrome_trace.h"
#include "sim/trace/difference.h"
#include "sim/trace/happens_before.h"
#include "sim/trace/text.h"
#include "sim/trace/trace_file.h"
#include "sim/trace/well_formed.h"
#include "tests/sim/replay/table_costs.h"

namespace titan::fuzz {
namespace {

using trace::Trace;

constexpr int32_t kMostRanks = 64;  // of a replay, whose tables have an entry per rank

void expect(bool holds, const std::string& promise) {
  if (!holds) throw std::logic_error(promise);
}

std::optional<Trace> read(std::string_view input) {
  try {
    return trace::decode(input, "fuzz.trace");
  } catch (const config::ConfigError& error) {
    const std::string text = error.what();
    expect(text.starts_with("fuzz.trace: byte ") && text.find('\n') == std::string::npos, "an error like: " + text);
    return std::nullopt;
  }
}

void check_forms(const Trace& trace) {
  const auto fault = trace::find_fault(trace);
  expect(!fault, "a malformed trace was read: " + fault.value_or(""));
  const std::string bytes = trace::encode(trace);
  const Trace again = trace::decode(bytes, "again");
  expect(again == trace && trace::encode(again) == bytes, "a trace reads back as another one");
  expect(trace::to_text(again) == trace::to_text(trace), "equal traces give different texts");
  expect(!trace::first_difference(trace, again), "a trace differs from itself");
  trace::find_hazards(trace);
}

void check_timeline(const Trace& trace, const replay::RoleTimes& times) {
  for (const auto& time : times.timeline) {
    expect(time.start_s >= 0 && time.start_s <= time.end_s && time.end_s <= times.end_s, "time runs backwards");
  }
  const trace::TimedTrace timed{.trace = &trace, .times = times.timeline, .name = "fuzz"};
  for (const bool operators : {false, true}) {
    const std::string text = trace::chrome_trace(std::span(&timed, 1), {.operators = operators});
    expect(nlohmann::json::accept(text), "a timeline that is no JSON");
  }
}

/// All ranks do what this one does. Not every well-formed trace can finish then.
void try_replay(const Trace& trace) {
  if (trace.world_size > kMostRanks) return;
  const replay::World world{.roles = {&trace},
                            .role_of_rank = std::vector<uint32_t>(static_cast<size_t>(trace.world_size), 0)};
  const replay::TableCosts costs{.op_issue_s = 0.5, .slowdown = {{1, 1.5}, {2, 2.0}}};
  try {
    check_timeline(trace, replay::replay(world, costs, {}, {.keep_timeline = true}).front());
  } catch (const replay::DeadlockError&) {
  } catch (const config::ContractError& error) {  // ranks that meet in different collectives
    expect(std::string_view(error.what()).starts_with("replay: "), "replay throws: " + std::string(error.what()));
  }
}

}  // namespace

void try_trace(std::string_view input) {
  const auto trace = read(input);
  if (!trace) return;
  check_forms(*trace);
  try_replay(*trace);
}

}  // namespace titan::fuzz
