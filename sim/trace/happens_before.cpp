#include "sim/trace/happens_before.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/trace/describe.h"

namespace titan::trace {

namespace {

/// Per stream, how much of its work is known to be done. Work is counted from 1 on each stream.
using Clock = std::array<uint32_t, kMaxStreams>;

void join(Clock& clock, const Clock& other) {
  for (size_t i = 0; i < clock.size(); ++i) clock[i] = std::max(clock[i], other[i]);
}

/// The node that touched something last, by its place on its stream; 0: none yet.
struct Touch {
  uint32_t position = 0;
  uint32_t node = 0;
};

/// What must be done before memory of a pool may be used again: the last work on what was freed, by stream.
struct Floor {
  std::array<Touch, kMaxStreams> touches = {};
  std::array<uint32_t, kMaxStreams> storages = {};
};

constexpr uint32_t kNoFloor = UINT32_MAX;

struct Storage {
  Touch write;
  uint8_t write_stream = 0;
  uint8_t pool = 0;
  bool is_alive = true;
  bool is_touched = false;
  uint32_t floor = kNoFloor;  // in floors_
};

struct Pool {
  Floor floor;
  uint32_t recorded = kNoFloor;  // its copy in floors_, if nothing was freed since
  bool has_freed = false;
};

class Checker {
 public:
  Checker(const Trace& trace, size_t max_hazards)
      : trace_(trace), max_hazards_(max_hazards), groups_(trace.groups.size()) {
    for (const Node& node : trace.nodes) num_streams_ = std::max<size_t>(num_streams_, node.stream + 1u);
    events_.reserve(trace.num_events);
    storages_.reserve(trace.num_storages);
    reads_.reserve(trace.num_storages * num_streams_);
  }

  std::vector<Hazard> run() {
    for (size_t i = 0; i < trace_.nodes.size() && hazards_.size() < max_hazards_; ++i) visit(i);
    return std::move(hazards_);
  }

 private:
  void visit(size_t index);
  void begin_work(uint8_t stream) { ++clocks_[stream][stream]; }
  void collective(size_t index);
  void transfer(size_t index);
  void end_batch(uint8_t stream);
  void touch_all(size_t index);
  void touch(size_t index, Argument argument);
  void check_reuse(size_t index, Storage& storage, uint32_t number);
  void alloc(const Node& node);
  void free(const Node& node);
  void host_knows(const Clock& clock);
  void end_host_work();

  bool is_ordered(Touch earlier, uint8_t earlier_stream, size_t index) const;
  void report(Hazard::Kind kind, size_t index, size_t other, uint32_t storage, const std::string& why);
  Touch& read_of(uint32_t storage, size_t stream) { return reads_[storage * num_streams_ + stream]; }

  const Trace& trace_;
  const size_t max_hazards_;
  size_t num_streams_ = 1;
  std::array<Clock, kMaxStreams> clocks_ = {};
  std::array<Pool, kMaxStreams> pools_ = {};
  std::vector<Clock> events_;
  std::vector<Clock> groups_;
  std::vector<Storage> storages_;
  std::vector<Touch> reads_;  // since the last write, per storage and stream
  std::vector<Floor> floors_;
  std::vector<size_t> batch_;  // transfers of the open one
  bool in_batch_ = false;
  std::vector<Hazard> hazards_;
};

void Checker::visit(size_t index) {
  const Node& node = trace_.nodes[index];
  switch (node.kind) {
    case NodeKind::op:
      begin_work(node.stream);
      touch_all(index);
      if (node.stream == kHostStream) end_host_work();
      return;
    case NodeKind::collective:
      return collective(index);
    case NodeKind::send:
    case NodeKind::recv:
      return transfer(index);
    case NodeKind::begin_batch:
      in_batch_ = true;
      return;
    case NodeKind::end_batch:
      return end_batch(node.stream);
    case NodeKind::alloc:
      return alloc(node);
    case NodeKind::free:
      return free(node);
    case NodeKind::record_event:
      events_.push_back(clocks_[node.stream]);
      return;
    case NodeKind::wait_event:
      return join(clocks_[node.stream], events_[node.id]);
    case NodeKind::host_sync:
      return host_knows(clocks_[node.stream]);
    case NodeKind::host_wait:
      return host_knows(events_[node.id]);
    case NodeKind::begin_scope:
    case NodeKind::end_scope:
      return;
  }
}

void Checker::collective(size_t index) {
  const Node& node = trace_.nodes[index];
  Clock& group = groups_[trace_.collectives[node.id].group];
  join(clocks_[node.stream], group);
  begin_work(node.stream);
  group = clocks_[node.stream];
  touch_all(index);
}

void Checker::transfer(size_t index) {
  if (in_batch_) return batch_.push_back(index);
  begin_work(trace_.nodes[index].stream);
  touch_all(index);
}

void Checker::end_batch(uint8_t stream) {
  begin_work(stream);
  for (const size_t index : batch_) touch_all(index);
  batch_.clear();
  in_batch_ = false;
}

// What the host issues from now on comes after what it has seen done.
void Checker::host_knows(const Clock& clock) {
  const Clock known = clock;
  for (Clock& stream : clocks_) join(stream, known);
}

// It is done before the host issues anything else.
void Checker::end_host_work() {
  for (Clock& stream : clocks_) stream[kHostStream] = clocks_[kHostStream][kHostStream];
}

void Checker::touch_all(size_t index) {
  for (const Argument argument : trace_.arguments_of(trace_.nodes[index])) touch(index, argument);
}

void Checker::touch(size_t index, Argument argument) {
  const uint8_t stream = trace_.nodes[index].stream;
  const uint32_t number = argument.storage();
  Storage& storage = storages_[number];
  if (!storage.is_alive) report(Hazard::Kind::use_after_free, index, index, number, "which was freed before");
  if (!storage.is_touched) check_reuse(index, storage, number);
  const Touch now{clocks_[stream][stream], static_cast<uint32_t>(index)};
  const bool is_written = storage.write.position > 0;
  if (argument.reads() && !argument.writes() && !is_written)
    report(Hazard::Kind::read_unwritten, index, index, number, "which nothing has written");
  if (is_written && !is_ordered(storage.write, storage.write_stream, index)) {
    const auto kind = argument.reads() ? Hazard::Kind::read_before_write : Hazard::Kind::write_before_write;
    report(kind, index, storage.write.node, number, "written by");
  }
  if (!argument.writes()) {
    Touch& read = read_of(number, stream);
    if (read.position < now.position) read = now;  // of a batch the first: a later one may be the writer itself
    return;
  }
  for (size_t s = 0; s < num_streams_; ++s) {
    const Touch read = std::exchange(read_of(number, s), Touch());
    if (read.position > 0 && !is_ordered(read, static_cast<uint8_t>(s), index))
      report(Hazard::Kind::write_before_read, index, read.node, number, "read by");
  }
  storage.write = now;
  storage.write_stream = stream;
}

void Checker::check_reuse(size_t index, Storage& storage, uint32_t number) {
  storage.is_touched = true;
  if (storage.floor == kNoFloor) return;
  const Floor& floor = floors_[storage.floor];
  for (size_t s = 0; s < num_streams_; ++s) {
    const Touch last = floor.touches[s];
    if (last.position == 0 || is_ordered(last, static_cast<uint8_t>(s), index)) continue;
    report(Hazard::Kind::reuse, index, last.node, number,
           "whose memory, of the pool of " + stream_name(storage.pool) + ", may be that of s" +
               std::to_string(floor.storages[s]) + ", freed with work under way:");
  }
}

void Checker::alloc(const Node& node) {
  Pool& pool = pools_[node.stream];
  if (pool.has_freed && pool.recorded == kNoFloor) {
    pool.recorded = static_cast<uint32_t>(floors_.size());
    floors_.push_back(pool.floor);
  }
  storages_.push_back({.pool = node.stream, .floor = pool.recorded});
  reads_.resize(reads_.size() + num_streams_);
}

void Checker::free(const Node& node) {
  Storage& storage = storages_[node.id];
  storage.is_alive = false;
  if (!storage.is_touched) return;  // then what it waits for is still in the pool's floor
  if (node.stream == kPinnedPool) return;
  Pool& pool = pools_[node.stream];
  pool.has_freed = true;
  pool.recorded = kNoFloor;
  const auto raise = [&](Touch touch, size_t stream) {
    if (touch.position <= pool.floor.touches[stream].position) return;
    pool.floor.touches[stream] = touch;
    pool.floor.storages[stream] = node.id;
  };
  raise(storage.write, storage.write_stream);
  for (size_t s = 0; s < num_streams_; ++s) raise(read_of(node.id, s), s);
}

// Whether the node at `index` starts after `earlier` is done. One node does not race with itself; transfers of one
// batch, which share their place on the stream, do.
bool Checker::is_ordered(Touch earlier, uint8_t earlier_stream, size_t index) const {
  if (earlier.node == index) return true;
  const uint8_t stream = trace_.nodes[index].stream;
  const Clock& clock = clocks_[stream];
  if (earlier_stream == stream) return earlier.position < clock[stream];
  return earlier.position <= clock[earlier_stream];
}

void Checker::report(Hazard::Kind kind, size_t index, size_t other, uint32_t storage, const std::string& why) {
  if (hazards_.size() >= max_hazards_) return;
  const auto text = [&](size_t i) {
    return "node " + std::to_string(i) + " '" + describe(trace_, trace_.nodes[i]) + "'";
  };
  std::string what = text(index) + " uses s" + std::to_string(storage) + ", " + why;
  if (other != index) {
    const std::string stream = stream_name(trace_.nodes[index].stream);
    const std::string other_stream = stream_name(trace_.nodes[other].stream);
    what += " " + text(other);
    what += stream == other_stream ? "; both are in one batch"
                                   : "; missing: a wait on " + stream + " for an event recorded on " + other_stream +
                                         " after node " + std::to_string(other);
  }
  hazards_.push_back({kind, index, other, storage, std::move(what)});
}

}  // namespace

std::vector<Hazard> find_hazards(const Trace& trace, size_t max_hazards) { return Checker(trace, max_hazards).run(); }

}  // namespace titan::trace
