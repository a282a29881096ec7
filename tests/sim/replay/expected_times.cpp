#include "tests/sim/replay/expected_times.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace titan::replay {

namespace {

using Known = std::optional<double>;
using trace::Node;
using trace::NodeKind;

Known latest(Known a, Known b) {
  if (!a || !b) return std::nullopt;
  return std::max(*a, *b);
}

/// Who came when to what: group, direction and number in it -> role and part -> time.
using MeetingKey = std::tuple<std::string, size_t, size_t, size_t>;
using Arrivals = std::map<MeetingKey, std::map<std::pair<size_t, int>, Known>>;

class Role {
 public:
  Role(const RandomWorld& world, size_t role) : world_(world), role_(role), trace_(world.traces[role]) {
    times_.resize(trace_.nodes.size());
    is_known_.resize(trace_.nodes.size());
  }

  // Walks over all nodes with what is known of others.
  void pass(Arrivals& arrivals) {
    host_ = 0.0;
    ready_.assign(trace::kMaxStreams, 0.0);
    events_.clear();
    communicator_.clear();
    number_.clear();
    for (size_t i = 0; i < trace_.nodes.size() && host_; ++i) {
      visit(i, arrivals);
      times_[i].issue_s = host_.value_or(0.0);
    }
  }
  bool is_done() const {
    return std::all_of(is_known_.begin(), is_known_.end(), [](bool known) { return known; });
  }
  const std::vector<trace::NodeTime>& times() const { return times_; }

 private:
  void know(size_t i, Known start, Known end) {
    is_known_[i] = start && end;
    times_[i].start_s = start.value_or(0.0);
    times_[i].end_s = end.value_or(0.0);
  }

  // When all came to a meeting; two come to a transfer, all roles of its ranks to a collective.
  Known all_came(Arrivals& arrivals, const MeetingKey& key, int part, Known arrival, size_t num_parts) {
    auto& came = arrivals[key];
    came[{role_, part}] = arrival;
    if (came.size() < num_parts) return std::nullopt;
    Known all = 0.0;
    for (const auto& [side, time] : came) all = latest(all, time);
    return all;
  }

  Known transfer_end(size_t i, Known arrival, Arrivals& arrivals) {
    const Node& node = trace_.nodes[i];
    const trace::TransferDescriptor& transfer = trace_.transfers[node.id];
    const size_t peer = static_cast<size_t>(transfer.peer / 2);
    const bool sends = node.kind == NodeKind::send;
    const size_t from = sends ? role_ : peer, to = sends ? peer : role_;
    const size_t number = number_[{sends ? "send" : "recv", peer}]++;
    const Known start = all_came(arrivals, {trace_.groups[transfer.group].name, from, to, number}, sends, arrival, 2);
    const Known end = start ? Known(*start + world_.network.transfer_s) : std::nullopt;
    know(i, start, end);
    return end;
  }

  void collective(size_t i, Known ready, Arrivals& arrivals) {
    const Node& node = trace_.nodes[i];
    const trace::Group& group = trace_.groups[trace_.collectives[node.id].group];
    const auto before = communicator_.find(group.name);
    if (before != communicator_.end()) ready = latest(ready, before->second);
    const size_t owner = group.name == "within" ? role_ : SIZE_MAX;
    const size_t number = number_[{group.name, 0}]++;
    const Known start = all_came(arrivals, {group.name, owner, owner, number}, 0, ready,
                                 group.name == "within" ? 1 : group.ranks.size());
    const Known end = start ? Known(*start + entry_or_1(world_.network.group_s, group.name)) : std::nullopt;
    know(i, start, end);
    communicator_[group.name] = end;
    ready_[node.stream] = end;
  }

  void end_batch(size_t i, Arrivals& arrivals) {
    Known& ready = ready_[trace_.nodes[i].stream];
    const Known arrival = latest(ready, host_);
    Known end = arrival, first = std::nullopt;
    for (const size_t transfer : *batch_) {
      const Known landed = transfer_end(transfer, arrival, arrivals);
      end = latest(end, landed);
      if (landed) first = std::min(first.value_or(*landed), times_[transfer].start_s);
    }
    batch_.reset();
    ready = end;
    know(i, first, end);
  }

  void visit(size_t i, Arrivals& arrivals) {
    const Node& node = trace_.nodes[i];
    Known& ready = ready_[node.stream];
    switch (node.kind) {
      case NodeKind::op: {
        *host_ += world_.costs.op_issue_s;
        const Known start = latest(ready, host_);
        ready = start ? Known(*start + entry_or_1(world_.costs.op_s, trace_.ops[node.id].name)) : std::nullopt;
        return know(i, start, ready);
      }
      case NodeKind::collective:
        *host_ += world_.costs.communication_issue;
        return collective(i, latest(ready, host_), arrivals);
      case NodeKind::send:
      case NodeKind::recv:
        *host_ += world_.costs.communication_issue;
        if (batch_) return batch_->push_back(i);
        ready = transfer_end(i, latest(ready, host_), arrivals);
        return;
      case NodeKind::begin_batch:
        batch_.emplace();
        return know(i, host_, host_);
      case NodeKind::end_batch:
        return end_batch(i, arrivals);
      case NodeKind::record_event:
        *host_ += world_.costs.event;
        events_.push_back(latest(ready, host_));
        return know(i, events_.back(), events_.back());
      case NodeKind::wait_event: {
        *host_ += world_.costs.event;
        const Known start = latest(ready, host_);
        ready = latest(start, events_[node.id]);
        return know(i, start, ready);
      }
      case NodeKind::host_sync:
      case NodeKind::host_wait: {
        const Known start = host_;
        host_ = latest(host_, node.kind == NodeKind::host_sync ? ready : events_[node.id]);
        if (host_) know(i, start, host_);
        return;
      }
      default:
        return know(i, host_, host_);
    }
  }

  const RandomWorld& world_;
  const size_t role_;
  const Trace& trace_;
  std::vector<trace::NodeTime> times_;
  std::vector<bool> is_known_;
  Known host_;
  std::vector<Known> ready_, events_;
  std::map<std::string, Known> communicator_;
  std::map<std::pair<std::string, size_t>, size_t> number_;
  std::optional<std::vector<size_t>> batch_;
};

}  // namespace

std::optional<std::vector<std::vector<trace::NodeTime>>> expected_times(const RandomWorld& world) {
  std::vector<Role> roles;
  size_t num_nodes = 0;
  for (size_t role = 0; role < world.traces.size(); ++role) {
    roles.emplace_back(world, role);
    num_nodes += world.traces[role].nodes.size();
  }
  Arrivals arrivals;
  const auto is_done = [&] {
    return std::all_of(roles.begin(), roles.end(), [](const Role& r) { return r.is_done(); });
  };
  for (size_t pass = 0; pass <= num_nodes; ++pass) {
    for (Role& role : roles) role.pass(arrivals);
  }
  if (!is_done()) return std::nullopt;
  std::vector<std::vector<trace::NodeTime>> times;
  for (const Role& role : roles) times.push_back(role.times());
  return times;
}

}  // namespace titan::replay
