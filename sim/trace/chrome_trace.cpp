#include "sim/trace/chrome_trace.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <tuple>

#include "runtime/config/check.h"
#include "sim/trace/describe.h"

namespace titan::trace {

namespace {

constexpr int kHostThread = 0;
constexpr uint32_t kDeepest = UINT32_MAX;  // a node lies inside all scopes

int thread_of(uint8_t stream) { return stream == kHostStream ? kHostThread : stream + 1; }

// Times are rounded to whole nanoseconds once, so that what lies within something else still does afterwards.
int64_t nanoseconds(double seconds) { return std::llround(seconds * 1e9); }

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The format counts in microseconds.
std::string microseconds(int64_t time_ns) {
  char text[40];
  std::snprintf(text, sizeof text, "%s%lld.%03d", time_ns < 0 ? "-" : "",
                std::abs(static_cast<long long>(time_ns)) / 1000, static_cast<int>(std::abs(time_ns) % 1000));
  return text;
}

struct Slice {
  int thread = 0;
  int64_t begin_ns = 0, end_ns = 0;
  uint32_t depth = 0;
  std::string_view category;
  std::string name;
  std::string detail;
};

struct Span {
  double begin = std::numeric_limits<double>::infinity();
  double end = -std::numeric_limits<double>::infinity();
  bool is_empty() const { return end < begin; }
  void include(const Span& other) {
    begin = std::min(begin, other.begin);
    end = std::max(end, other.end);
  }
};

/// Turns one trace into slices.
class Slicer {
 public:
  Slicer(const TimedTrace& timed, const ChromeOptions& options)
      : trace_(*timed.trace), times_(timed.times), options_(options), open_(1) {}

  std::vector<Slice> run() {
    for (size_t i = 0; i < trace_.nodes.size(); ++i) visit(i);
    std::stable_sort(slices_.begin(), slices_.end(), [](const Slice& a, const Slice& b) {
      return std::tie(a.thread, a.begin_ns, a.depth) < std::tie(b.thread, b.begin_ns, b.depth);
    });
    return std::move(slices_);
  }

 private:
  struct Scope {
    uint32_t name = 0;
    double begin_s = 0.0;
    std::array<Span, kMaxStreams> streams = {};
  };

  void visit(size_t index);
  void op(size_t index);
  void work(size_t index, std::string_view category, const std::string& name);
  void end_scope(double end_s);
  void add(int thread, const Span& span, uint32_t depth, std::string_view category, std::string name,
           std::string detail) {
    slices_.push_back(
        {thread, nanoseconds(span.begin), nanoseconds(span.end), depth, category, std::move(name), std::move(detail)});
  }
  std::string detail(size_t index) const {
    return "node " + std::to_string(index) + ": " + describe(trace_, trace_.nodes[index]);
  }

  const Trace& trace_;
  const std::span<const NodeTime> times_;
  const ChromeOptions& options_;
  std::vector<Scope> open_;  // the first stands for the whole trace
  std::vector<Slice> slices_;
  std::string batch_;  // transfers of the open one in words
  bool in_batch_ = false;
};

std::string transfer_name(const Trace& trace, const Node& node) {
  const TransferDescriptor& transfer = trace.transfers[node.id];
  return (node.kind == NodeKind::send ? "send to " : "recv from ") + std::to_string(transfer.peer);
}

void Slicer::visit(size_t index) {
  const Node& node = trace_.nodes[index];
  const NodeTime& time = times_[index];
  switch (node.kind) {
    case NodeKind::op:
      return op(index);
    case NodeKind::collective: {
      const CollectiveDescriptor& collective = trace_.collectives[node.id];
      return work(index, "communication",
                  std::string(to_text(collective.kind)) + " " + trace_.groups[collective.group].name);
    }
    case NodeKind::send:
    case NodeKind::recv:
      if (!in_batch_) return work(index, "communication", transfer_name(trace_, node));
      batch_ += (batch_.empty() ? "" : ", ") + transfer_name(trace_, node);
      return;
    case NodeKind::begin_batch:
      in_batch_ = true;
      return;
    case NodeKind::end_batch:
      in_batch_ = false;
      if (!batch_.empty()) work(index, "communication", batch_);
      batch_.clear();
      return;
    case NodeKind::host_sync:
    case NodeKind::host_wait:
      return add(kHostThread, {time.start_s, time.end_s}, kDeepest, "host", describe(trace_, node), detail(index));
    case NodeKind::begin_scope:
      open_.push_back({.name = node.id, .begin_s = time.start_s});
      return;
    case NodeKind::end_scope:
      return end_scope(time.end_s);
    default:
      return;
  }
}

// What the host does itself lies on its thread, inside the scopes there.
void Slicer::op(size_t index) {
  const Node& node = trace_.nodes[index];
  const OpDescriptor& op = trace_.ops[node.id];
  const NodeTime& time = times_[index];
  if (node.stream == kHostStream)
    return add(kHostThread, {time.start_s, time.end_s}, kDeepest, "host", op.name, detail(index));
  const bool is_copy = op.op_class == OpClass::copy;
  work(index, is_copy ? "communication" : options_.operators ? to_text(op.op_class) : "", op.name);
}

void Slicer::work(size_t index, std::string_view category, const std::string& name) {
  const uint8_t stream = trace_.nodes[index].stream;
  const Span span{times_[index].start_s, times_[index].end_s};
  open_.back().streams[stream].include(span);
  if (!category.empty()) add(thread_of(stream), span, kDeepest, category, name, detail(index));
}

void Slicer::end_scope(double end_s) {
  const Scope scope = open_.back();
  open_.pop_back();
  const uint32_t depth = static_cast<uint32_t>(open_.size());
  add(kHostThread, {scope.begin_s, end_s}, depth, "scope", trace_.names[scope.name], "");
  for (size_t s = 0; s < scope.streams.size(); ++s) {
    if (scope.streams[s].is_empty()) continue;
    add(thread_of(static_cast<uint8_t>(s)), scope.streams[s], depth, "scope", trace_.names[scope.name], "");
    open_.back().streams[s].include(scope.streams[s]);
  }
}

class JsonText {
 public:
  void metadata(const char* what, int32_t pid, int thread, const std::string& arguments) {
    start() +=
        std::string("{\"ph\":\"M\",\"name\":\"") + what + "\"" + place(pid, thread) + ",\"args\":{" + arguments + "}}";
  }
  void slice(const Slice& slice, int32_t pid) {
    std::string& text = start();
    text += "{\"ph\":\"X\",\"name\":" + quoted(slice.name) + ",\"cat\":" + quoted(std::string(slice.category)) +
            place(pid, slice.thread) + ",\"ts\":" + microseconds(slice.begin_ns) +
            ",\"dur\":" + microseconds(slice.end_ns - slice.begin_ns);
    if (!slice.detail.empty()) text += ",\"args\":{\"detail\":" + quoted(slice.detail) + "}";
    text += "}";
  }
  std::string finish() { return std::move(text_) + "\n]}\n"; }

 private:
  std::string& start() {
    text_ += is_first_ ? "\n" : ",\n";
    is_first_ = false;
    return text_;
  }
  // Viewers take the thread with the process's number for the main one.
  static std::string place(int32_t pid, int thread) {
    return ",\"pid\":" + std::to_string(pid) + ",\"tid\":" + std::to_string(int64_t{pid} + thread);
  }

  std::string text_ = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[";
  bool is_first_ = true;
};

void name_threads(JsonText& json, const std::vector<Slice>& slices, int32_t pid) {
  int last = -1;
  for (const Slice& slice : slices) {  // sorted by thread
    if (slice.thread == last) continue;
    last = slice.thread;
    const std::string name = last == kHostThread ? "host" : stream_name(static_cast<uint8_t>(last - 1));
    json.metadata("thread_name", pid, last, "\"name\":" + quoted(name));
    json.metadata("thread_sort_index", pid, last, "\"sort_index\":" + std::to_string(last));
  }
}

}  // namespace

std::string chrome_trace(std::span<const TimedTrace> traces, const ChromeOptions& options) {
  JsonText json;
  for (const TimedTrace& timed : traces) {
    config::check(timed.times.size() == timed.trace->nodes.size(),
                  "chrome_trace: every node needs a time: nodes=", timed.trace->nodes.size(),
                  " times=", timed.times.size());
    const int32_t pid = timed.trace->rank;
    json.metadata("process_name", pid, kHostThread, "\"name\":" + quoted(timed.name));
    json.metadata("process_sort_index", pid, kHostThread, "\"sort_index\":" + std::to_string(pid));
    const std::vector<Slice> slices = Slicer(timed, options).run();
    name_threads(json, slices, pid);
    for (const Slice& slice : slices) json.slice(slice, pid);
  }
  return json.finish();
}

}  // namespace titan::trace
