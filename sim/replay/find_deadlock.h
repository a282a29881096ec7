#pragma once

#include <memory>
#include <vector>

#include "sim/replay/deadlock.h"
#include "sim/replay/role_replay.h"

namespace titan::replay {

/// Why roles that are not finished cannot go on; at least one is not.
Deadlock find_deadlock(const World& world, const std::vector<std::unique_ptr<RoleReplay>>& roles,
                       const Meetings& meetings);

}  // namespace titan::replay
