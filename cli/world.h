#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "runtime/comm/rendezvous.h"
#include "runtime/platform/platform.h"

namespace titan::cli {

/// Ranks of a world: where comm.mode names one and nothing gives their number, and at most.
inline constexpr int kDefaultWorldSize = 8;
inline constexpr int64_t kLargestWorldSize = 1 << 24;

using Environment = std::map<std::string, std::string>;

/// The environment variables of this process.
Environment current_environment();

/// What the configuration says about the world.
struct WorldSettings {
  std::optional<std::string> comm_mode;  // comm.mode as resolved; absent: COMM_MODE, else "default"
  std::optional<int> num_fake_ranks;     // of the fake world, where the configuration gives it; absent: NGPU, else 8
};

enum class WorldKind {
  solo,       // this process alone
  launch,     // world.size local processes are to be started; this one supervises them
  processes,  // this is one of several processes that meet at `store`
  threads,    // all ranks are threads of this process
  fake,       // one rank stands for all: simulated, or real with imagined peers
};

/// The world that a run is in.
struct WorldPlan {
  WorldKind kind = WorldKind::solo;
  platform::World world;        // of this process; threads, launch: of rank 0; fake: of the rank that is shown
  comm::RendezvousPoint store;  // processes
  bool rank_0_serves = true;    // processes: false when the supervisor (torchrun, titan launch) serves the store
};

/// Decides which world a run is in. In this order: comm.mode (fake_backend, local_tensor); the variables of torchrun
/// (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT); those of srun (SLURM_PROCID, …); else NGPU local processes
/// (default 1; the worlds of comm.mode: 8). Throws config::ConfigError naming the variable.
WorldPlan decide_world(const Environment& environment, const WorldSettings& settings = {});

/// The first host of a Slurm node list such as "node[003-007,9],gpu1". Throws config::ConfigError naming `variable`.
std::string first_host(const std::string& variable, const std::string& node_list);

/// What keys in the supervisor's store begin with, as torchrun has it.
std::string supervised_prefix(const std::string& restart_count);

}  // namespace titan::cli
