#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "sim/replay/prices.h"
#include "sim/replay/replay.h"
#include "sim/replay/time.h"

namespace titan::replay {

/// What a role does at a meeting.
enum class Part : uint8_t { member, sender, receiver };

/// Where members of different roles, or the two sides of a transfer, meet again and again: a communicator as all its
/// roles know it, or the transfers between two roles in one direction.
struct MeetingPlace {
  struct Side {
    uint32_t role = 0;
    Part part = Part::member;
    bool operator==(const Side&) const = default;
  };
  std::string name;
  std::vector<Side> sides;
};

inline constexpr uint32_t kNoPlace = std::numeric_limits<uint32_t>::max();

/// A role at a meeting: `index` is its own number for what it does there.
struct Arrival {
  MeetingPlace::Side side;
  uint32_t index = 0;
  Picoseconds time = 0;
};

/// What a communication needs when it starts.
struct Flight {
  Picoseconds start = 0, end = 0;
  Evidence evidence = Evidence::roofline;
};

/// Matches what the roles communicate with each other.
class Meetings {
 public:
  /// Throws config::ContractError if roles and ranks do not agree.
  explicit Meetings(const World& world);

  /// kNoPlace if all members are of the role itself: nobody else needs to come.
  uint32_t place_of_group(uint32_t role, uint32_t group) const { return roles_[role].groups[group]; }
  uint32_t place_of_send(uint32_t role, uint32_t transfer) const { return roles_[role].sends[transfer]; }
  uint32_t place_of_recv(uint32_t role, uint32_t transfer) const { return roles_[role].recvs[transfer]; }
  const MeetingPlace& place(uint32_t place) const { return places_[place]; }
  size_t num_places() const { return places_.size(); }

  /// Notes that one side has come to meeting number `ticket`. If it was the last, fills `flight` and returns all.
  /// `kind` is what is done there, the same for all; else throws config::ContractError.
  std::span<const Arrival> arrive(uint32_t place, uint32_t ticket, const Arrival& arrival, CommunicationPrice price,
                                  trace::CollectiveKind kind, Flight& flight);

  /// The first side that has not come yet; nullptr if all have.
  const MeetingPlace::Side* missing(uint32_t place, uint32_t ticket) const;

 private:
  struct Meeting {
    uint32_t num_arrived = 0;
    trace::CollectiveKind kind = trace::CollectiveKind::barrier;
    Picoseconds latest = 0;
    CommunicationPrice price;
  };
  struct Log {
    std::vector<Meeting> meetings;  // by ticket
    std::vector<Arrival> arrivals;  // by ticket, as many each as the place has sides
  };
  struct RolePlaces {
    std::vector<uint32_t> groups, sends, recvs;
  };

  void find_places(const World& world);

  std::vector<MeetingPlace> places_;
  std::vector<Log> logs_;  // by place
  std::vector<RolePlaces> roles_;
};

}  // namespace titan::replay
