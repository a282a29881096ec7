#include "tests/sim/replay/random_world.h"

#include <algorithm>
#include <deque>

namespace titan::replay {

namespace {

constexpr uint8_t kNumStreams = 4;

class Writer {
 public:
  Writer(std::mt19937& random, const RandomOptions& options) : random_(random), options_(options) {
    for (int role = 0; role < options.num_roles; ++role) {
      recorders_.emplace_back(2 * role, 2 * options.num_roles);
      num_events_.push_back(0);
      recorders_.back().begin_scope("step");
    }
  }

  std::vector<Trace> run() {
    for (int round = 0; round < options_.num_rounds; ++round) {
      if (below(8) == 0) next_step();
      below(3) == 0 ? meet() : alone(below(options_.num_roles));
    }
    std::vector<Trace> traces;
    for (SmallRecorder& r : recorders_) {
      r.end_scope();
      traces.push_back(r.take());
    }
    return traces;
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  uint8_t stream() { return static_cast<uint8_t>(below(kNumStreams)); }

  void next_step() {
    for (SmallRecorder& r : recorders_) {
      r.end_scope();
      if (below(4) == 0) r.work(stream(), "between");
      r.begin_scope("step");
    }
  }

  void alone(int role) {
    SmallRecorder& r = recorders_[static_cast<size_t>(role)];
    uint32_t& num_events = num_events_[static_cast<size_t>(role)];
    switch (below(8)) {
      case 0:
        num_events = r.record_event(stream()) + 1;
        break;
      case 1:
      case 2:
        if (num_events > 0) r.wait_event(stream(), static_cast<uint32_t>(below(static_cast<int>(num_events))));
        break;
      case 3:
        if (below(3) == 0) r.host_sync(stream());
        if (below(3) == 0 && num_events > 0) r.host_wait(static_cast<uint32_t>(below(static_cast<int>(num_events))));
        break;
      case 4:
        r.collect(stream(), CollectiveKind::all_reduce, "within", {2 * role, 2 * role + 1});
        break;
      default:
        r.work(stream(), std::string(1, static_cast<char>('a' + below(5))));
    }
  }

  // Roles come to a meeting one after the other, some of them, if they may, only after the next one.
  void meet() {
    std::vector<int> members;
    for (int role = 0; role < options_.num_roles; ++role) members.push_back(role);
    std::shuffle(members.begin(), members.end(), random_);
    if (members.size() > 1 && below(2) == 0) return transfer(members[0], members[1]);
    if (below(2) == 0) members.resize(std::min<size_t>(members.size(), 2));
    std::sort(members.begin(), members.end());
    std::vector<int32_t> ranks;
    std::string name = "among";
    for (const int role : members) {
      ranks.push_back(2 * role);
      name += std::to_string(role);
    }
    for (const int role : members) {
      if (options_.may_deadlock && below(20) == 0) alone(role);
      if (options_.may_deadlock && below(60) == 0) continue;
      recorders_[static_cast<size_t>(role)].collect(stream(), CollectiveKind::all_reduce, name, ranks);
    }
  }

  void transfer(int from, int to) {
    const bool both_ways = below(2) == 0, in_batch = both_ways && (!options_.may_deadlock || below(4) > 0);
    for (const int role : {from, to}) {
      SmallRecorder& r = recorders_[static_cast<size_t>(role)];
      const uint32_t transfer =
          r.transfer_to({2 * std::min(from, to), 2 * std::max(from, to)}, 2 * (role == from ? to : from));
      const uint8_t on = stream();
      if (in_batch) r.begin_batch(on);
      if (in_batch && below(3) == 0) r.work(static_cast<uint8_t>((on + 1) % kNumStreams), "a");
      if (role == from || both_ways) r.send(on, transfer, {});
      if (role == to || both_ways) r.recv(on, transfer, {});
      if (in_batch) r.end_batch(on);
    }
  }

  std::mt19937& random_;
  const RandomOptions& options_;
  std::deque<SmallRecorder> recorders_;
  std::vector<uint32_t> num_events_;
};

}  // namespace

World RandomWorld::world() const {
  World world;
  for (const Trace& trace : traces) {
    for (int rank = 0; rank < 2; ++rank) world.role_of_rank.push_back(static_cast<uint32_t>(world.roles.size()));
    world.roles.push_back(&trace);
  }
  return world;
}

RandomWorld random_world(std::mt19937& random, const RandomOptions& options) {
  const auto below = [&](unsigned n) { return static_cast<double>(random() % n); };
  RandomWorld world;
  for (const char* name : {"a", "b", "c", "d", "e"}) world.costs.op_s[name] = below(6);
  world.costs.op_issue_s = below(3);
  world.costs.communication_issue = below(3);
  world.costs.event = below(2);
  for (const char* name : {"within", "among01", "among02", "among12", "among012"})
    world.network.group_s[name] = below(8);
  world.network.transfer_s = below(5);
  world.costs.slowdown = {{1, 1.0 + below(3)}, {2, 3.0 + below(2)}, {3, 4.5}, {4, 5.0}};
  world.traces = Writer(random, options).run();
  return world;
}

}  // namespace titan::replay
