#include "sim/replay/role_replay.h"

#include <algorithm>

#include "runtime/config/check.h"

namespace titan::replay {

RoleReplay::RoleReplay(uint32_t role, const World& world, const Prices& prices, Meetings& meetings,
                       const ReplayOptions& options)
    : RoleReplay(role, *world.roles[role], Extent(*world.roles[role]), prices, meetings, options) {}

RoleReplay::RoleReplay(uint32_t role, const trace::Trace& trace, const Extent& extent, const Prices& prices,
                       Meetings& meetings, const ReplayOptions& options)
    : role_(role),
      trace_(trace),
      prices_(prices),
      contention_(options.contention),
      meetings_(meetings),
      accounting_(trace, extent.work_of_step),
      step_bounds_(extent.step_bounds),
      events_(trace.num_events, kNever),
      issued_of_group_(trace.groups.size()),
      done_of_group_(trace.groups.size()),
      sent_(meetings.num_places()),
      received_(meetings.num_places()) {
  const size_t max_ids = std::max({trace.ops.size(), extent.num_communications, events_.size()});
  config::check(max_ids <= kMaxIds, "replay: a trace must have at most ", kMaxIds,
                " events or communications: ", max_ids);
  for (size_t stream = 0; stream < queues_.size(); ++stream) queues_[stream].work.reserve(extent.queued[stream]);
  communications_.reserve(extent.num_communications);
  transfers_.reserve(extent.num_transfers);
  if (options.keep_timeline) timeline_.resize(trace.nodes.size());
}

bool RoleReplay::is_finished() const {
  if (host_.next < trace_.nodes.size()) return false;
  for (uint8_t stream = 0; stream < queues_.size(); ++stream) {
    if (!is_drained(stream)) return false;
  }
  return true;
}

std::optional<Blocked> RoleReplay::host_blocked() const {
  if (host_.next == trace_.nodes.size()) return std::nullopt;
  const trace::Node& node = trace_.nodes[host_.next];
  if (node.kind == trace::NodeKind::host_sync) return Blocked{Blocked::On::stream, host_.next, node.stream};
  return Blocked{Blocked::On::event, host_.next, node.id};
}

std::optional<Blocked> RoleReplay::stream_blocked(uint8_t stream) const {
  const Queue& queue = queues_[stream];
  if (is_drained(stream)) return std::nullopt;
  const Work& work = queue.work[queue.head];
  if (queue.state == StreamState::waits_for_event) return Blocked{Blocked::On::event, work.node, work.id};
  const Communication& communication = communications_[work.id];
  if (queue.state == StreamState::waits_for_communicator) {
    const uint32_t ticket = done_of_group_[communication.communicator];
    const auto first = std::find_if(communications_.begin(), communications_.end(), [&](const Communication& other) {
      return other.communicator == communication.communicator && other.ticket == ticket;
    });
    return Blocked{Blocked::On::communicator, work.node, first->stream};
  }
  for (uint32_t i = 0; i < communication.num_transfers; ++i) {
    const Transfer& transfer = transfers_[communication.first_transfer + i];
    if (transfer.place != kNoPlace && meetings_.missing(transfer.place, transfer.ticket))
      return Blocked{Blocked::On::meeting, transfer.node, transfer.place, transfer.ticket};
  }
  return std::nullopt;
}

std::optional<uint8_t> RoleReplay::stream_of_event(uint32_t event) const {
  for (uint8_t stream = 0; stream < queues_.size(); ++stream) {
    for (const Work& work : queues_[stream].work) {
      if (work.kind == WorkKind::record && work.id == event) return stream;
    }
  }
  return std::nullopt;
}

std::optional<uint8_t> RoleReplay::stream_of_meeting(uint32_t place, uint32_t ticket, Part part) const {
  for (const Transfer& transfer : transfers_) {
    if (transfer.place == place && transfer.ticket == ticket && transfer.part == part)
      return communications_[transfer.communication].stream;
  }
  return std::nullopt;
}

RoleTimes RoleReplay::take() {
  Picoseconds end = host_.time;
  for (const Queue& queue : queues_) end = std::max(end, queue.ready);
  RoleTimes times = accounting_.take();
  times.end_s = seconds(end);
  times.timeline = std::move(timeline_);
  return times;
}

}  // namespace titan::replay
