#include "sim/replay/meetings.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "runtime/config/check.h"
#include "sim/trace/describe.h"

namespace titan::replay {

namespace {

void check_world(const World& world) {
  const size_t num_ranks = world.role_of_rank.size();
  for (size_t rank = 0; rank < num_ranks; ++rank)
    config::check(world.role_of_rank[rank] < world.roles.size(), "replay: a rank's role must be one of ",
                  world.roles.size(), ": rank=", rank, " role=", world.role_of_rank[rank]);
  for (size_t role = 0; role < world.roles.size(); ++role) {
    const trace::Trace& trace = *world.roles[role];
    config::check(trace.world_size == static_cast<int64_t>(num_ranks),
                  "replay: a trace must be of as many ranks as the world: trace=", trace.world_size,
                  " world=", num_ranks);
    const auto rank = static_cast<size_t>(trace.rank);
    config::check(world.role_of_rank[rank] == role, "replay: a trace must be of a rank of its role: rank=", rank,
                  " role=", role, " role_of_rank=", world.role_of_rank[rank]);
  }
}

// Numbers equal keys alike, in the order in which they come.
template <class Key>
class Numbers {
 public:
  explicit Numbers(std::vector<MeetingPlace>& places) : places_(places) {}

  template <class Make>
  uint32_t number(const Key& key, const Make& make) {
    const auto [at, is_new] = numbers_.emplace(key, static_cast<uint32_t>(places_.size()));
    if (is_new) places_.push_back(make());
    return at->second;
  }

 private:
  std::vector<MeetingPlace>& places_;
  std::map<Key, uint32_t> numbers_;
};

}  // namespace

Meetings::Meetings(const World& world) {
  check_world(world);
  find_places(world);
  logs_.resize(places_.size());
}

void Meetings::find_places(const World& world) {
  using Roles = std::vector<uint32_t>;
  // A rank may have several communicators of one name among the same roles: the third part of the key counts them.
  Numbers<std::tuple<std::string_view, Roles, int>> communicators(places_);
  Numbers<std::tuple<std::string_view, uint32_t, uint32_t>> channels(places_);
  for (uint32_t role = 0; role < world.roles.size(); ++role) {
    const trace::Trace& trace = *world.roles[role];
    RolePlaces& places = roles_.emplace_back();
    std::map<std::pair<std::string_view, Roles>, int> num_alike;
    for (const trace::Group& group : trace.groups) {
      Roles members;
      for (const int32_t rank : group.ranks) members.push_back(world.role_of_rank[static_cast<size_t>(rank)]);
      const std::set<uint32_t> distinct(members.begin(), members.end());
      const int number = num_alike[{group.name, members}]++;
      places.groups.push_back(distinct.size() == 1 ? kNoPlace
                                                   : communicators.number({group.name, members, number}, [&] {
                                                       MeetingPlace place{group.name, {}};
                                                       for (const uint32_t r : distinct) place.sides.push_back({r});
                                                       return place;
                                                     }));
    }
    for (const trace::TransferDescriptor& transfer : trace.transfers) {
      const std::string& name = trace.groups[transfer.group].name;
      const uint32_t peer = world.role_of_rank[static_cast<size_t>(transfer.peer)];
      const auto channel = [&](uint32_t from, uint32_t to) {
        return channels.number({name, from, to}, [&] {
          return MeetingPlace{name, {{from, Part::sender}, {to, Part::receiver}}};
        });
      };
      places.sends.push_back(channel(role, peer));
      places.recvs.push_back(channel(peer, role));
    }
  }
}

std::span<const Arrival> Meetings::arrive(uint32_t place, uint32_t ticket, const Arrival& arrival,
                                          CommunicationPrice price, trace::CollectiveKind kind, Flight& flight) {
  const size_t num_sides = places_[place].sides.size();
  Log& log = logs_[place];
  if (ticket >= log.meetings.size()) {
    log.meetings.resize(ticket + 1);
    log.arrivals.resize((ticket + 1) * num_sides);
  }
  Meeting& meeting = log.meetings[ticket];
  if (meeting.num_arrived == 0) meeting.kind = kind;
  if (meeting.kind != kind) [[unlikely]]
    config::check(false,
                  "replay: members must issue the same collectives in the same order: group=", places_[place].name,
                  " number=", ticket, " role ", log.arrivals[ticket * num_sides].side.role, "=",
                  trace::to_text(meeting.kind), " role ", arrival.side.role, "=", trace::to_text(kind));
  log.arrivals[ticket * num_sides + meeting.num_arrived++] = arrival;
  meeting.latest = std::max(meeting.latest, arrival.time);
  if (price.duration > meeting.price.duration || meeting.num_arrived == 1) meeting.price = price;
  if (meeting.num_arrived < num_sides) return {};
  flight = {meeting.latest, meeting.latest + meeting.price.duration, meeting.price.evidence};
  return std::span(log.arrivals).subspan(ticket * num_sides, num_sides);
}

const MeetingPlace::Side* Meetings::missing(uint32_t place, uint32_t ticket) const {
  const auto& sides = places_[place].sides;
  const Log& log = logs_[place];
  if (ticket >= log.meetings.size()) return &sides.front();
  const auto arrivals = std::span(log.arrivals).subspan(ticket * sides.size(), log.meetings[ticket].num_arrived);
  for (const auto& side : sides) {
    const auto has_come = [&](const Arrival& arrival) { return arrival.side == side; };
    if (std::none_of(arrivals.begin(), arrivals.end(), has_come)) return &side;
  }
  return nullptr;
}

}  // namespace titan::replay
