// The host of a role: walks over the trace and queues work on streams, as far as it can without the device.
#include <algorithm>

#include "sim/replay/role_replay.h"

namespace titan::replay {

using trace::NodeKind;

void RoleReplay::run_host() {
  host_is_ready_ = false;
  const size_t num_nodes = trace_.nodes.size();
  for (; host_.next < num_nodes; ++host_.next) {
    const trace::Node& node = trace_.nodes[host_.next];
    if (node.kind == NodeKind::alloc || node.kind == NodeKind::free) {
      if (timeline_.empty()) continue;
      set_time(static_cast<uint32_t>(host_.next), host_.time, host_.time);
      timeline_[host_.next].issue_s = seconds(host_.time);
      continue;
    }
    if (!host_issue(node)) return;
    if (!timeline_.empty()) timeline_[host_.next].issue_s = seconds(host_.time);
  }
}

// Whether the host is done with the node; else it waits.
bool RoleReplay::host_issue(const trace::Node& node) {
  switch (node.kind) {
    case NodeKind::op:
      if (node.stream == trace::kHostStream) {
        issue_host_work(node);
      } else {
        enqueue(node, WorkKind::op, node.id, prices_.ops[node.id].issue);
      }
      return true;
    case NodeKind::collective:
      issue_collective(node);
      return true;
    case NodeKind::send:
    case NodeKind::recv:
      issue_transfer(node);
      return true;
    case NodeKind::begin_batch:
      host_.is_in_batch = true;
      set_time(static_cast<uint32_t>(host_.next), host_.time, host_.time);
      return true;
    case NodeKind::end_batch:
      issue_batch(node);
      return true;
    case NodeKind::record_event:
      enqueue(node, WorkKind::record, node.id, prices_.event_issue);
      return true;
    case NodeKind::wait_event:
      enqueue(node, WorkKind::wait, node.id, prices_.event_issue);
      return true;
    case NodeKind::host_sync:
      return is_drained(node.stream) && host_waits(queues_[node.stream].ready);
    case NodeKind::host_wait:
      return events_[node.id] != kNever && host_waits(events_[node.id]);
    case NodeKind::begin_scope:
      begin_scope(node);
      return true;
    case NodeKind::end_scope:
      end_scope();
      return true;
    case NodeKind::alloc:
    case NodeKind::free:
      return true;
  }
  return true;
}

void RoleReplay::enqueue(const trace::Node& node, WorkKind kind, uint32_t id, Picoseconds cost) {
  host_.time += cost;
  host_.issuing += cost;
  Work work{.issue = host_.time, .node = static_cast<uint32_t>(host_.next), .kind = kind};
  work.id = id;
  queues_[node.stream].work.push_back(work);
  to_advance_ |= one_stream(node.stream);
}

// A stream of its own shows when it runs; it starts at once, as the host was busy with nothing else.
void RoleReplay::issue_host_work(const trace::Node& node) {
  const OpPrice& price = prices_.ops[node.id];
  enqueue(node, WorkKind::op, node.id, price.issue);
  host_.time += price.duration;
  host_.issuing += price.duration;
}

void RoleReplay::issue_collective(const trace::Node& node) {
  const trace::CollectiveDescriptor& collective = trace_.collectives[node.id];
  const uint32_t ticket = issued_of_group_[collective.group]++;
  communications_.push_back({static_cast<uint32_t>(transfers_.size()), 1, collective.group, ticket, node.stream});
  transfers_.push_back({.node = static_cast<uint32_t>(host_.next),
                        .place = meetings_.place_of_group(role_, collective.group),
                        .ticket = ticket,
                        .communication = newest_communication(),
                        .group = collective.group,
                        .kind = collective.kind,
                        .price = prices_.collectives[node.id]});
  enqueue(node, WorkKind::communication, newest_communication(), prices_.communication_issue);
}

void RoleReplay::issue_transfer(const trace::Node& node) {
  const auto index = static_cast<uint32_t>(host_.next);
  if (host_.is_in_batch) {
    host_.time += prices_.communication_issue;
    host_.issuing += prices_.communication_issue;
    return batch_.push_back(index);
  }
  communications_.push_back({.first_transfer = static_cast<uint32_t>(transfers_.size()), .stream = node.stream});
  add_transfer(index);
  enqueue(node, WorkKind::communication, newest_communication(), prices_.communication_issue);
}

void RoleReplay::issue_batch(const trace::Node& node) {
  communications_.push_back({.first_transfer = static_cast<uint32_t>(transfers_.size()), .stream = node.stream});
  for (const uint32_t index : batch_) add_transfer(index);
  batch_.clear();
  host_.is_in_batch = false;
  enqueue(node, WorkKind::communication, newest_communication(), 0);
}

// To the newest communication.
void RoleReplay::add_transfer(uint32_t index) {
  const trace::Node& node = trace_.nodes[index];
  const bool sends = node.kind == NodeKind::send;
  const uint32_t place = sends ? meetings_.place_of_send(role_, node.id) : meetings_.place_of_recv(role_, node.id);
  transfers_.push_back({.node = index,
                        .place = place,
                        .ticket = (sends ? sent_ : received_)[place]++,
                        .communication = newest_communication(),
                        .group = trace_.transfers[node.id].group,
                        .part = sends ? Part::sender : Part::receiver,
                        .price = (sends ? prices_.sends : prices_.recvs)[node.id]});
  ++communications_.back().num_transfers;
}

void RoleReplay::begin_scope(const trace::Node& node) {
  set_time(static_cast<uint32_t>(host_.next), host_.time, host_.time);
  if (host_.depth++ > 0) return;
  host_.issuing = 0;
  accounting_.open_step(node.id, host_.time);
}

void RoleReplay::end_scope() {
  set_time(static_cast<uint32_t>(host_.next), host_.time, host_.time);
  if (--host_.depth > 0) return;
  accounting_.leave_step(host_.issuing);
}

bool RoleReplay::host_waits(Picoseconds until) {
  const Picoseconds begin = host_.time;
  host_.time = std::max(host_.time, until);
  set_time(static_cast<uint32_t>(host_.next), begin, host_.time);
  return true;
}

}  // namespace titan::replay
