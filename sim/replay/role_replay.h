#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sim/replay/accounting.h"
#include "sim/replay/extent.h"
#include "sim/replay/meetings.h"
#include "sim/replay/prices.h"
#include "sim/replay/replay.h"

namespace titan::replay {

/// One thing that a host or a stream of a role waits for.
struct Blocked {
  enum class On { stream, event, communicator, meeting };
  On on = On::stream;
  size_t node = 0;      // that waits
  uint32_t number = 0;  // of the stream or event; of the place or, in a communicator, of the stream that comes first
  uint32_t ticket = 0;  // at the place
};

/// Simulates one role: a host that runs ahead of the device, and streams that work off what it issued. Time goes
/// forward event by event; between events the role depends on other roles only where it has come to a meeting that is
/// not complete.
class RoleReplay {
 public:
  RoleReplay(uint32_t role, const World& world, const Prices& prices, Meetings& meetings, const ReplayOptions& options);

  /// Who is told of flights that begin because this role came last; set before anything else.
  std::function<void(const Arrival&, const Flight&)> notify;

  /// Issues what the host can issue and starts what can start at time 0.
  void begin() { settle(); }
  /// Simulates events one by one: all up to `horizon`; beyond it while no meeting is open at which this role has come;
  /// at least until another role was notified.
  void run(Picoseconds horizon);
  /// When something will happen next if no other role acts; kNever if nothing does.
  Picoseconds next() const;
  /// A meeting that this role came to is complete.
  void take_off(const Arrival& arrival, const Flight& flight);

  bool is_finished() const;
  /// What the host (or a stream) waits for; nullopt if it is through.
  std::optional<Blocked> host_blocked() const;
  std::optional<Blocked> stream_blocked(uint8_t stream) const;
  /// The stream on which an issued event is to be recorded, and on which an issued communication takes part in a
  /// meeting. nullopt if it was not issued.
  std::optional<uint8_t> stream_of_event(uint32_t event) const;
  std::optional<uint8_t> stream_of_meeting(uint32_t place, uint32_t ticket, Part part) const;

  RoleTimes take();

 private:
  enum class WorkKind : uint32_t { op, communication, record, wait };
  static constexpr size_t kMaxIds = size_t{1} << 30;
  struct Work {
    Picoseconds issue = 0;
    uint32_t node = 0;
    WorkKind kind : 2 = WorkKind::op;
    uint32_t id : 30 = 0;  // descriptor, number in communications_, event
  };
  static_assert(sizeof(Work) == 16);
  enum class StreamState : uint8_t { drained, op, communication, waits_for_event, waits_for_communicator };
  struct Queue {
    std::vector<Work> work;  // as issued
    size_t head = 0;         // the first that is not done
    Picoseconds ready = 0;   // what came before head is done
    size_t num_bounds = 0;   // of steps that lie before what was done last
    StreamState state = StreamState::drained;
    bool is_computing = false;  // its operation has started
    uint32_t num_flying = 0;    // transfers under way
    uint32_t num_to_land = 0;   // transfers not yet done
    // An operation under way: alone on the device it takes `left` from `since` on.
    Picoseconds start = 0, since = 0, end = 0;
    double left = 0.0;

    Picoseconds next() const { return is_computing ? end : start; }
  };
  struct Transfer {
    uint32_t node = 0;
    uint32_t place = kNoPlace;
    uint32_t ticket = 0;
    uint32_t communication = 0;
    uint32_t group = 0;
    Part part = Part::member;
    trace::CollectiveKind kind = trace::CollectiveKind::barrier;
    CommunicationPrice price;
  };
  struct Communication {
    uint32_t first_transfer = 0, num_transfers = 0;
    uint32_t communicator = kNoPlace;  // a collective's group
    uint32_t ticket = 0;               // in the communicator
    uint8_t stream = 0;
    Picoseconds start = kNever;
  };
  struct UnderWay {
    Flight flight;
    Picoseconds arrival = 0;
    uint32_t transfer = 0;
    bool has_started = false;
    double slowdown = 1.0;  // since `since`, when alone it would have taken `left` more
    Picoseconds since = 0;
    double left = 0.0;
    Picoseconds next() const { return has_started ? flight.end : flight.start; }
  };
  struct Host {
    size_t next = 0;  // node
    Picoseconds time = 0;
    size_t depth = 0;
    Picoseconds issuing = 0;  // since the last step began
    bool is_in_batch = false;
  };

  RoleReplay(uint32_t role, const trace::Trace& trace, const Extent& extent, const Prices& prices, Meetings& meetings,
             const ReplayOptions& options);

  // The host.
  void run_host();
  bool host_issue(const trace::Node& node);
  void enqueue(const trace::Node& node, WorkKind kind, uint32_t id, Picoseconds cost);
  void issue_host_work(const trace::Node& node);
  void issue_collective(const trace::Node& node);
  void issue_transfer(const trace::Node& node);
  void issue_batch(const trace::Node& node);
  void add_transfer(uint32_t node);
  uint32_t newest_communication() const { return static_cast<uint32_t>(communications_.size() - 1); }
  void begin_scope(const trace::Node& node);
  void end_scope();
  bool host_waits(Picoseconds until);

  // The device.
  void settle();
  void advance(uint8_t stream);
  bool start_op(uint8_t stream, const Work& work);
  void finish_op(Queue& queue, const Work& work);
  Picoseconds undisturbed_until() const;
  bool start_communication(uint8_t stream, const Work& work);
  void arrive(uint32_t transfer, Picoseconds time);
  void record(const Queue& queue, const Work& work);
  bool wait(uint8_t stream, const Work& work);
  void step_to(Picoseconds time);
  void op_event(uint8_t stream);
  void flight_event();
  void start_flight(UnderWay& under_way);
  void share_ports();
  PortLoads port_shares();
  double slowdown_of(const UnderWay& under_way, const PortLoads& shares) const;
  void land(const UnderWay& under_way);
  void finish_communication(uint8_t stream);
  void change_speed(int num_communicating);
  void finish(Queue& queue, const Work& work);
  bool is_drained(uint8_t stream) const {
    return queues_[stream].state == StreamState::drained && queues_[stream].head == queues_[stream].work.size();
  }
  void set_time(uint32_t node, Picoseconds start, Picoseconds end) {
    if (timeline_.empty()) return;
    timeline_[node].start_s = seconds(start);
    timeline_[node].end_s = seconds(end);
  }

  const uint32_t role_;
  const trace::Trace& trace_;
  const Prices& prices_;
  const bool contention_;
  Meetings& meetings_;
  Accounting accounting_;
  std::vector<size_t> step_bounds_;

  Host host_;
  std::array<Queue, trace::kMaxStreams> queues_;
  std::vector<Transfer> transfers_;
  std::vector<Communication> communications_;
  std::vector<uint32_t> batch_;      // nodes of the open one
  std::vector<Picoseconds> events_;  // kNever: not recorded yet
  std::vector<uint32_t> issued_of_group_, done_of_group_;
  std::vector<uint32_t> sent_, received_;  // by place
  std::vector<UnderWay> under_way_;
  std::vector<double> loads_;  // of one port

  StreamSet to_advance_ = 0;
  StreamSet operating_ = 0;  // streams whose head is an operation that will start or has started
  StreamSet waiting_for_events_ = 0;
  Picoseconds next_flight_ = kNever;
  Picoseconds horizon_ = 0;
  size_t num_open_meetings_ = 0;
  bool host_is_ready_ = true;
  bool has_notified_ = false;  // since run was called
  int num_communicating_ = 0;
  std::vector<trace::NodeTime> timeline_;
};

}  // namespace titan::replay
