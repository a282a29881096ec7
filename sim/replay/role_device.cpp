// The device of a role: works off the queues of its streams, event by event.
#include <algorithm>
#include <bit>
#include <cmath>

#include "sim/replay/fair_share.h"
#include "sim/replay/role_replay.h"

namespace titan::replay {

namespace {

Picoseconds stretched(double picoseconds, double factor) {
  return static_cast<Picoseconds>(std::ceil(picoseconds * factor));
}

}  // namespace

void RoleReplay::run(Picoseconds horizon) {
  horizon_ = horizon;
  has_notified_ = false;
  while (!has_notified_) {
    const Picoseconds time = next();
    if (time == kNever || (num_open_meetings_ > 0 && time > horizon_)) return;
    step_to(time);
  }
}

Picoseconds RoleReplay::next() const {
  Picoseconds time = next_flight_;
  for (StreamSet rest = operating_; rest != 0; rest &= rest - 1)
    time = std::min(time, queues_[first_stream(rest)].next());
  return time;
}

void RoleReplay::step_to(Picoseconds time) {
  if (next_flight_ == time) {
    flight_event();
  } else {
    accounting_.pass_until(time);
    StreamSet rest = operating_;
    while (queues_[first_stream(rest)].next() != time) rest &= rest - 1;
    op_event(first_stream(rest));
  }
  settle();
}

// Starts and issues what can be, until nothing more can without time going forward.
void RoleReplay::settle() {
  while (to_advance_ != 0 || host_is_ready_) {
    if (host_is_ready_) {
      run_host();
      continue;
    }
    const uint8_t stream = first_stream(to_advance_);
    to_advance_ &= to_advance_ - 1;
    const StreamState state = queues_[stream].state;
    if (state != StreamState::op && state != StreamState::communication) advance(stream);
  }
}

void RoleReplay::advance(uint8_t stream) {
  Queue& queue = queues_[stream];
  for (; queue.head < queue.work.size(); ++queue.head) {
    const Work& work = queue.work[queue.head];
    switch (work.kind) {
      case WorkKind::op:
        if (!start_op(stream, work)) return;
        break;
      case WorkKind::communication:
        if (!start_communication(stream, work)) return;
        break;
      case WorkKind::record:
        record(queue, work);
        break;
      case WorkKind::wait:
        if (!wait(stream, work)) return;
        break;
    }
  }
  queue.state = StreamState::drained;
  if (host_.next == trace_.nodes.size()) return;
  const trace::Node& node = trace_.nodes[host_.next];
  if (node.kind == trace::NodeKind::host_sync && node.stream == stream) host_is_ready_ = true;
}

// Until when nothing can happen in this role but what one stream does by itself.
Picoseconds RoleReplay::undisturbed_until() const {
  if (operating_ != 0 || to_advance_ != 0 || host_is_ready_) return -1;
  return num_open_meetings_ > 0 ? std::min(next_flight_, horizon_) : next_flight_;
}

// Whether the operation is done already: where nothing can disturb it there is no need to go by events.
bool RoleReplay::start_op(uint8_t stream, const Work& work) {
  Queue& queue = queues_[stream];
  const OpPrice& price = prices_.ops[work.id];
  queue.start = queue.since = std::max(queue.ready, work.issue);
  queue.end = queue.start + price.duration;
  queue.left = static_cast<double>(price.duration);
  if (num_communicating_ > 0)
    queue.end = queue.start + stretched(queue.left, prices_.slowdown(work.id, num_communicating_));
  if (queue.end <= undisturbed_until()) {
    accounting_.pass_op(stream, price.op_class, queue.start, queue.end);
    finish_op(queue, work);
    return true;
  }
  queue.state = StreamState::op;
  queue.is_computing = queue.start == accounting_.now();
  if (queue.is_computing) accounting_.begin_op(stream, price.op_class);
  operating_ |= one_stream(stream);
  return false;
}

void RoleReplay::op_event(uint8_t stream) {
  Queue& queue = queues_[stream];
  const Work& work = queue.work[queue.head];
  if (!queue.is_computing) {
    queue.is_computing = true;
    return accounting_.begin_op(stream, prices_.ops[work.id].op_class);
  }
  accounting_.end_op(stream);
  operating_ &= ~one_stream(stream);
  queue.state = StreamState::drained;
  finish_op(queue, work);
  ++queue.head;
  to_advance_ |= one_stream(stream);
}

void RoleReplay::finish_op(Queue& queue, const Work& work) {
  queue.ready = queue.end;
  finish(queue, work);
  accounting_.add_evidence(prices_.ops[work.id].evidence, queue.end - queue.start);
  set_time(work.node, queue.start, queue.end);
}

void RoleReplay::record(const Queue& queue, const Work& work) {
  const Picoseconds time = std::max(queue.ready, work.issue);
  events_[work.id] = time;
  set_time(work.node, time, time);
  for (StreamSet rest = waiting_for_events_; rest != 0; rest &= rest - 1) {
    const Queue& other = queues_[first_stream(rest)];
    if (other.work[other.head].id == work.id) to_advance_ |= one_stream(first_stream(rest));
  }
  if (host_.next == trace_.nodes.size()) return;
  const trace::Node& node = trace_.nodes[host_.next];
  if (node.kind == trace::NodeKind::host_wait && node.id == work.id) host_is_ready_ = true;
}

bool RoleReplay::wait(uint8_t stream, const Work& work) {
  Queue& queue = queues_[stream];
  if (events_[work.id] == kNever) {
    queue.state = StreamState::waits_for_event;
    waiting_for_events_ |= one_stream(stream);
    return false;
  }
  waiting_for_events_ &= ~one_stream(stream);
  const Picoseconds start = std::max(queue.ready, work.issue);
  queue.ready = std::max(queue.ready, events_[work.id]);
  set_time(work.node, start, std::max(start, queue.ready));
  return true;
}

// Whether it is done already, as only an empty batch can be.
bool RoleReplay::start_communication(uint8_t stream, const Work& work) {
  Queue& queue = queues_[stream];
  const Communication& communication = communications_[work.id];
  Picoseconds time = std::max(queue.ready, work.issue);
  if (communication.communicator != kNoPlace) {
    if (done_of_group_[communication.communicator] != communication.ticket) {
      queue.state = StreamState::waits_for_communicator;
      return false;
    }
    if (queue.state == StreamState::waits_for_communicator) time = std::max(time, accounting_.now());
  }
  queue.state = StreamState::communication;
  queue.num_to_land = communication.num_transfers;
  for (uint32_t i = 0; i < communication.num_transfers; ++i) arrive(communication.first_transfer + i, time);
  if (communication.num_transfers > 0) return false;
  set_time(work.node, time, time);
  return true;
}

void RoleReplay::arrive(uint32_t number, Picoseconds time) {
  const Transfer& transfer = transfers_[number];
  const Arrival own{{role_, transfer.part}, number, time};
  const CommunicationPrice& price = transfer.price;
  if (transfer.place == kNoPlace) return take_off(own, {time, time + price.duration, price.evidence});
  ++num_open_meetings_;
  Flight flight;
  for (const Arrival& arrival : meetings_.arrive(transfer.place, transfer.ticket, own, price, transfer.kind, flight)) {
    if (arrival.side.role == role_) {
      take_off(arrival, flight);
    } else {
      notify(arrival, flight);
      has_notified_ = true;
    }
  }
}

void RoleReplay::take_off(const Arrival& arrival, const Flight& flight) {
  if (transfers_[arrival.index].place != kNoPlace) --num_open_meetings_;
  under_way_.push_back({flight, arrival.time, arrival.index});
  next_flight_ = std::min(next_flight_, flight.start);
}

void RoleReplay::flight_event() {
  const auto due = std::find_if(under_way_.begin(), under_way_.end(),
                                [&](const UnderWay& under_way) { return under_way.next() == next_flight_; });
  if (due->has_started) {
    accounting_.pass_until(next_flight_);
    const UnderWay landing = *due;
    under_way_.erase(due);
    land(landing);
  } else {
    accounting_.pass_until(next_flight_, due->arrival);
    start_flight(*due);
  }
  if (contention_) share_ports();
  next_flight_ = kNever;
  for (const UnderWay& under_way : under_way_) next_flight_ = std::min(next_flight_, under_way.next());
}

void RoleReplay::start_flight(UnderWay& under_way) {
  under_way.has_started = true;
  under_way.since = under_way.flight.start;
  under_way.left = static_cast<double>(under_way.flight.end - under_way.flight.start);
  const Transfer& transfer = transfers_[under_way.transfer];
  Communication& communication = communications_[transfer.communication];
  communication.start = std::min(communication.start, under_way.flight.start);
  if (queues_[communication.stream].num_flying++ > 0) return;
  accounting_.begin_communication(communication.stream, transfer.group);
  change_speed(num_communicating_ + 1);
}

// Communications under way have made progress at their old speed and go on at the one that the ports allow them now.
void RoleReplay::share_ports() {
  const PortLoads shares = port_shares();
  const Picoseconds now = accounting_.now();
  for (UnderWay& under_way : under_way_) {
    if (!under_way.has_started) continue;
    const double slowdown = slowdown_of(under_way, shares);
    if (slowdown == under_way.slowdown) continue;
    under_way.left = std::max(0.0, under_way.left - static_cast<double>(now - under_way.since) / under_way.slowdown);
    under_way.since = now;
    under_way.slowdown = slowdown;
    under_way.flight.end = now + stretched(under_way.left, slowdown);
  }
}

// The most that one communication gets of each port.
PortLoads RoleReplay::port_shares() {
  PortLoads shares = {};
  for (size_t port = 0; port < kNumPorts; ++port) {
    loads_.clear();
    for (const UnderWay& under_way : under_way_) {
      if (under_way.has_started) loads_.push_back(transfers_[under_way.transfer].price.loads[port]);
    }
    shares[port] = fair_share(loads_);
  }
  return shares;
}

double RoleReplay::slowdown_of(const UnderWay& under_way, const PortLoads& shares) const {
  const PortLoads& loads = transfers_[under_way.transfer].price.loads;
  double slowdown = 1.0;
  for (size_t port = 0; port < kNumPorts; ++port) slowdown = std::max(slowdown, loads[port] / shares[port]);
  return slowdown;
}

void RoleReplay::land(const UnderWay& under_way) {
  const Flight& flight = under_way.flight;
  const Transfer& transfer = transfers_[under_way.transfer];
  const uint8_t stream = communications_[transfer.communication].stream;
  Queue& queue = queues_[stream];
  set_time(transfer.node, flight.start, flight.end);
  accounting_.add_evidence(flight.evidence, flight.end - flight.start);
  if (--queue.num_flying == 0) {
    accounting_.end_communication(stream);
    change_speed(num_communicating_ - 1);
  }
  if (--queue.num_to_land == 0) finish_communication(stream);
}

void RoleReplay::finish_communication(uint8_t stream) {
  Queue& queue = queues_[stream];
  const Work& work = queue.work[queue.head];
  const Communication& communication = communications_[work.id];
  queue.ready = accounting_.now();
  queue.state = StreamState::drained;
  set_time(work.node, communication.start, queue.ready);
  finish(queue, work);
  ++queue.head;
  to_advance_ |= one_stream(stream);
  if (communication.communicator == kNoPlace) return;
  ++done_of_group_[communication.communicator];
  for (uint8_t s = 0; s < queues_.size(); ++s) {
    if (queues_[s].state == StreamState::waits_for_communicator) to_advance_ |= one_stream(s);
  }
}

// Counts a piece of device work that is done for its step.
void RoleReplay::finish(Queue& queue, const Work& work) {
  while (queue.num_bounds < step_bounds_.size() && step_bounds_[queue.num_bounds] < work.node) ++queue.num_bounds;
  const bool is_within = queue.num_bounds % 2 == 1;
  accounting_.finish(is_within ? queue.num_bounds / 2 + 1 : 0);
}

// Operations under way have made progress at their old speed and go on at their new one.
void RoleReplay::change_speed(int num_communicating) {
  const Picoseconds now = accounting_.now();
  for (StreamSet rest = operating_; rest != 0; rest &= rest - 1) {
    Queue& queue = queues_[first_stream(rest)];
    const uint32_t op = queue.work[queue.head].id;
    if (now > queue.since) {
      const double done = static_cast<double>(now - queue.since) / prices_.slowdown(op, num_communicating_);
      queue.left = std::max(0.0, queue.left - done);
      queue.since = now;
    }
    queue.end = queue.since + stretched(queue.left, prices_.slowdown(op, num_communicating));
  }
  num_communicating_ = num_communicating;
}

}  // namespace titan::replay
