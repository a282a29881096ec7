#include "sim/replay/find_deadlock.h"

#include <algorithm>

#include "sim/trace/describe.h"

namespace titan::replay {

namespace {

constexpr int kHost = -1;

/// A host or a stream of a role.
struct Place {
  uint32_t role = 0;
  int thread = kHost;
  bool operator==(const Place&) const = default;
};

class Search {
 public:
  Search(const World& world, const std::vector<std::unique_ptr<RoleReplay>>& roles, const Meetings& meetings)
      : world_(world), roles_(roles), meetings_(meetings) {}

  // Follows what waits for what until it comes to a place again, or to a role that is through.
  Deadlock run() {
    std::vector<Place> path;
    Deadlock found;
    std::optional<Place> place = first();
    while (place) {
      const auto seen = std::find(path.begin(), path.end(), *place);
      if (seen != path.end()) {
        found.cycle.erase(found.cycle.begin(), found.cycle.begin() + (seen - path.begin()));
        return found;
      }
      path.push_back(*place);
      const Blocked blocked = *blocked_at(*place);
      const trace::Trace& trace = *world_.roles[place->role];
      found.cycle.push_back({trace.rank, blocked.node, trace::describe(trace, trace.nodes[blocked.node])});
      place = waited_for(place->role, blocked, found);
    }
    return found;
  }

 private:
  std::optional<Blocked> blocked_at(Place place) const {
    const RoleReplay& role = *roles_[place.role];
    return place.thread == kHost ? role.host_blocked() : role.stream_blocked(static_cast<uint8_t>(place.thread));
  }

  std::optional<Place> first() const {
    for (uint32_t role = 0; role < roles_.size(); ++role) {
      for (int thread = kHost; thread < trace::kMaxStreams; ++thread) {
        if (blocked_at({role, thread})) return Place{role, thread};
      }
    }
    return std::nullopt;
  }

  std::optional<Place> waited_for(uint32_t role, const Blocked& blocked, Deadlock& found) const {
    switch (blocked.on) {
      case Blocked::On::stream:
      case Blocked::On::communicator:
        return Place{role, static_cast<int>(blocked.number)};
      case Blocked::On::event:
        return Place{role, *roles_[role]->stream_of_event(blocked.number)};
      case Blocked::On::meeting:
        break;
    }
    const MeetingPlace::Side side = *meetings_.missing(blocked.number, blocked.ticket);
    const RoleReplay& peer = *roles_[side.role];
    if (const auto stream = peer.stream_of_meeting(blocked.number, blocked.ticket, side.part))
      return Place{side.role, *stream};
    if (peer.host_blocked()) return Place{side.role, kHost};
    found.absent_rank = world_.roles[side.role]->rank;
    return std::nullopt;
  }

  const World& world_;
  const std::vector<std::unique_ptr<RoleReplay>>& roles_;
  const Meetings& meetings_;
};

std::string text_of(const Deadlock& deadlock) {
  std::string text = "replay: the traces cannot finish:";
  const char* separator = "";
  for (const Deadlock::Waiting& waiting : deadlock.cycle) {
    text += std::string(separator) + " rank " + std::to_string(waiting.rank) + " at node " +
            std::to_string(waiting.node) + " '" + waiting.what + "'";
    separator = " waits for";
  }
  if (deadlock.absent_rank)
    return text + " waits for rank " + std::to_string(*deadlock.absent_rank) + ", which never comes";
  return text + (deadlock.cycle.size() > 1 ? " waits for the first" : " waits for itself");
}

}  // namespace

DeadlockError::DeadlockError(Deadlock deadlock)
    : std::runtime_error(text_of(deadlock)), deadlock_(std::move(deadlock)) {}

Deadlock find_deadlock(const World& world, const std::vector<std::unique_ptr<RoleReplay>>& roles,
                       const Meetings& meetings) {
  return Search(world, roles, meetings).run();
}

}  // namespace titan::replay
