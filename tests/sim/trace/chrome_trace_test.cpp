#include "sim/trace/chrome_trace.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "runtime/config/check.h"
#include "tests/sim/trace/small_traces.h"

namespace titan::trace {
namespace {

// Node i runs from i to i + 1 microseconds.
std::vector<NodeTime> one_after_another(const Trace& trace) {
  std::vector<NodeTime> times;
  for (size_t i = 0; i < trace.nodes.size(); ++i) {
    const double start = static_cast<double>(i) * 1e-6;
    times.push_back({start, start, start + 1e-6});
  }
  return times;
}

nlohmann::json events(const Trace& trace, const ChromeOptions& options, const std::string& name = "rank 1") {
  const std::vector<NodeTime> times = one_after_another(trace);
  const TimedTrace timed{&trace, times, name};
  return nlohmann::json::parse(chrome_trace(std::span(&timed, 1), options)).at("traceEvents");
}

// `thread` of rank 1: 0 is the host, whose number is the rank.
std::vector<std::string> slices(const nlohmann::json& events, int thread) {
  std::vector<std::string> found;
  for (const auto& event : events) {
    if (event["ph"] == "X" && event["tid"] == 1 + thread)
      found.push_back(event["name"].get<std::string>() + " " + event["ts"].dump() + "+" + event["dur"].dump());
  }
  return found;
}

using Lines = std::vector<std::string>;

// small_step's nodes: 4 begins step, 5 begins layers.0, 9 is the gather, 13 the product, 17 ends layers.0, 23 ends the
// batch, 24 and 26 are the waits of the host, 28 ends step.
TEST(ChromeTrace, ShowsScopesOnHostAndStreams) {
  const nlohmann::json all = events(small_step(), {});
  EXPECT_EQ(slices(all, 0),
            (Lines{"step 4.0+25.0", "layers.0 5.0+13.0", "host_sync @compute 24.0+1.0", "host_wait e4 26.0+1.0"}));
  EXPECT_EQ(slices(all, 1 + kCompute), (Lines{"step 13.0+1.0", "layers.0 13.0+1.0"}));
  EXPECT_EQ(slices(all, 1 + kGather), (Lines{"step 9.0+1.0", "layers.0 9.0+1.0", "all_gather fsdp 9.0+1.0"}));
  EXPECT_EQ(slices(all, 1 + kP2p), (Lines{"step 23.0+1.0", "send to 3, recv from 3 23.0+1.0"}));
}

TEST(ChromeTrace, ShowsOperationsOnRequest) {
  const nlohmann::json all = events(small_step(), {.operators = true});
  EXPECT_EQ(slices(all, 1 + kCompute), (Lines{"aten::fill_ 2.0+1.0", "aten::fill_ 3.0+1.0", "step 13.0+1.0",
                                              "layers.0 13.0+1.0", "aten::mm 13.0+1.0"}));
}

TEST(ChromeTrace, NamesProcessesAndThreads) {
  std::map<std::string, std::string> names;
  for (const auto& event : events(small_step(), {}, "stage \"0\"\n\xff")) {
    if (event["ph"] != "M" || !event["args"].contains("name")) continue;
    EXPECT_EQ(event["pid"], 1);
    names[event["name"].get<std::string>() + event["tid"].dump()] = event["args"]["name"];
  }
  EXPECT_EQ(names, (std::map<std::string, std::string>{{"process_name1", "stage \"0\"\n\xef\xbf\xbd"},
                                                       {"thread_name1", "host"},
                                                       {"thread_name2", "compute"},
                                                       {"thread_name4", "all_gather"},
                                                       {"thread_name7", "p2p"}}));
}

// small_step's two operations are of the classes memory and matmul.
TEST(ChromeTrace, CategoriesAreClassesOfWork) {
  std::map<std::string, std::string> categories;
  for (const auto& event : events(small_step(), {.operators = true})) {
    if (event["ph"] == "X") categories[event["name"]] = event["cat"];
  }
  EXPECT_EQ(categories, (std::map<std::string, std::string>{{"step", "scope"},
                                                            {"layers.0", "scope"},
                                                            {"host_sync @compute", "host"},
                                                            {"host_wait e4", "host"},
                                                            {"aten::fill_", "memory"},
                                                            {"aten::mm", "matmul"},
                                                            {"all_gather fsdp", "communication"},
                                                            {"send to 3, recv from 3", "communication"}}));
}

// What Perfetto asks of complete events: name, ts, dur, pid, tid; on one thread a slice lies within another or apart.
TEST(ChromeTrace, SlicesOfAThreadNest) {
  const nlohmann::json all = events(small_step(), {.operators = true});
  std::map<int, std::vector<std::pair<double, double>>> open;
  double last_ts = 0.0;
  int last_thread = -1;
  for (const auto& event : all) {
    ASSERT_TRUE(event.contains("name") && event.contains("pid") && event.contains("tid"));
    if (event["ph"] != "X") continue;
    const double begin = event["ts"], end = begin + event["dur"].get<double>();
    const int thread = event["tid"];
    ASSERT_LE(begin, end);
    ASSERT_TRUE(thread != last_thread || begin >= last_ts);
    last_thread = thread;
    last_ts = begin;
    auto& stack = open[thread];
    while (!stack.empty() && stack.back().second <= begin) stack.pop_back();
    ASSERT_TRUE(stack.empty() || end <= stack.back().second);
    stack.push_back({begin, end});
  }
}

TEST(ChromeTrace, TheHostsOwnWorkLiesOnItsThread) {
  SmallRecorder r(1, 2);
  r.begin_scope("step");
  r.op(kHostStream, r.intern(OpDescriptor{.name = "adam", .op_class = OpClass::host}), {});
  r.end_scope();
  const nlohmann::json all = events(r.take(), {});
  EXPECT_EQ(slices(all, 0), (Lines{"step 0.0+3.0", "adam 1.0+1.0"}));
  EXPECT_EQ(slices(all, 1 + kHostStream), Lines());
}

TEST(ChromeTrace, WantsATimeForEveryNode) {
  const Trace trace = small_step();
  const std::vector<NodeTime> times(3);
  const TimedTrace timed{&trace, times, "rank 1"};
  EXPECT_THROW(chrome_trace(std::span(&timed, 1)), config::ContractError);
}

}  // namespace
}  // namespace titan::trace
