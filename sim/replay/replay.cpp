#include "sim/replay/replay.h"

#include <memory>

#include "runtime/config/check.h"
#include "sim/replay/deadlock.h"
#include "sim/replay/find_deadlock.h"
#include "sim/replay/role_replay.h"

namespace titan::replay {

namespace {

/// The roles of a world, simulated together.
class WorldReplay {
 public:
  WorldReplay(const World& world, const CostModel& cost, const NetworkModel& network, const ReplayOptions& options)
      : world_(world), meetings_(world), next_(world.roles.size()) {
    for (uint32_t role = 0; role < world.roles.size(); ++role) {
      prices_.push_back(std::make_unique<Prices>(*world.roles[role], cost, network, options.interference));
      roles_.push_back(std::make_unique<RoleReplay>(role, world, *prices_.back(), meetings_, options));
      roles_.back()->notify = [this](const Arrival& arrival, const Flight& flight) {
        RoleReplay& other = *roles_[arrival.side.role];
        other.take_off(arrival, flight);
        next_[arrival.side.role] = other.next();
      };
    }
  }

  std::vector<RoleTimes> run() {
    for (size_t role = 0; role < roles_.size(); ++role) {
      roles_[role]->begin();
      next_[role] = roles_[role]->next();
    }
    while (run_first()) {
    }
    check_finished();
    std::vector<RoleTimes> times;
    for (const auto& role : roles_) times.push_back(role->take());
    return times;
  }

 private:
  // The role that is furthest behind cannot be affected by others before anything happens to it.
  bool run_first() {
    size_t first = 0;
    Picoseconds others = kNever;
    for (size_t role = 1; role < next_.size(); ++role) {
      if (next_[role] < next_[first]) {
        others = next_[first];
        first = role;
      } else {
        others = std::min(others, next_[role]);
      }
    }
    if (next_[first] == kNever) return false;
    roles_[first]->run(others);
    next_[first] = roles_[first]->next();
    return true;
  }

  void check_finished() const {
    for (const auto& role : roles_) {
      if (!role->is_finished()) throw DeadlockError(find_deadlock(world_, roles_, meetings_));
    }
  }

  const World& world_;
  Meetings meetings_;
  std::vector<std::unique_ptr<Prices>> prices_;
  std::vector<std::unique_ptr<RoleReplay>> roles_;
  std::vector<Picoseconds> next_;
};

}  // namespace

std::vector<RoleTimes> replay(const World& world, const CostModel& cost, const NetworkModel& network,
                              const ReplayOptions& options) {
  config::check(!world.roles.empty(), "replay: a world must have at least one role");
  return WorldReplay(world, cost, network, options).run();
}

}  // namespace titan::replay
