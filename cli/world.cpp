#include "cli/world.h"

#include <unistd.h>

#include <charconv>
#include <cstdint>

#include "runtime/config/config_error.h"

namespace titan::cli {
namespace {

using config::ConfigError;

/// Reads variables of an environment. An empty variable counts as not set.
class Variables {
 public:
  explicit Variables(const Environment& environment) : environment_(environment) {}

  std::optional<std::string> text(const std::string& name) const {
    const auto found = environment_.find(name);
    if (found == environment_.end() || found->second.empty()) return std::nullopt;
    return found->second;
  }

  /// The integer that `name` holds, if it is set.
  std::optional<int64_t> integer(const std::string& name, int64_t least, int64_t most) const {
    const auto value = text(name);
    if (!value) return std::nullopt;
    int64_t number = 0;
    const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
    if (error != std::errc() || end != value->data() + value->size() || number < least || number > most)
      throw ConfigError(name, "found '" + *value + "', allowed are integers from " + std::to_string(least) + " to " +
                                  std::to_string(most));
    return number;
  }

  int required(const std::string& name, int64_t least, int64_t most, const std::string& because) const {
    const auto number = integer(name, least, most);
    if (!number) throw ConfigError(name, "is not set although " + because + " is");
    return static_cast<int>(*number);
  }

 private:
  const Environment& environment_;
};

int num_gpus(const Variables& variables, int otherwise) {
  return static_cast<int>(variables.integer("NGPU", 1, kLargestWorldSize).value_or(otherwise));
}

WorldPlan fake_world(const Variables& variables, const WorldSettings& settings) {
  WorldPlan plan;
  plan.kind = WorldKind::fake;
  plan.world.size = settings.num_fake_ranks ? *settings.num_fake_ranks : num_gpus(variables, kDefaultWorldSize);
  plan.world.rank = static_cast<int>(variables.integer("RANK", 0, plan.world.size - 1).value_or(0));
  return plan;
}

WorldPlan thread_world(const Variables& variables) {
  if (variables.integer("WORLD_SIZE", 1, kLargestWorldSize).value_or(1) > 1)
    throw ConfigError("WORLD_SIZE",
                      "found " + *variables.text("WORLD_SIZE") +
                          ", but with comm.mode local_tensor one process holds all ranks (their number is NGPU)");
  WorldPlan plan;
  plan.kind = WorldKind::threads;
  plan.world.size = num_gpus(variables, kDefaultWorldSize);
  return plan;
}

/// One of `size` processes, which need no rendezvous when there is just one.
WorldPlan process_world(platform::World world) {
  WorldPlan plan;
  plan.kind = world.size == 1 ? WorldKind::solo : WorldKind::processes;
  plan.world = world;
  return plan;
}

WorldPlan torchrun_world(const Variables& variables) {
  platform::World world;
  world.size = variables.required("WORLD_SIZE", 1, kLargestWorldSize, "RANK");
  world.rank = variables.required("RANK", 0, world.size - 1, "WORLD_SIZE");
  world.local_rank = static_cast<int>(variables.integer("LOCAL_RANK", 0, kLargestWorldSize).value_or(0));
  WorldPlan plan = process_world(world);
  if (plan.kind == WorldKind::solo) return plan;
  const auto host = variables.text("MASTER_ADDR");
  if (!host) throw ConfigError("MASTER_ADDR", "is not set although WORLD_SIZE is");
  plan.store.host = *host;
  plan.store.port = static_cast<uint16_t>(variables.required("MASTER_PORT", 1, UINT16_MAX, "WORLD_SIZE"));
  plan.rank_0_serves = variables.text("TORCHELASTIC_USE_AGENT_STORE") != "True";
  plan.store.prefix =
      plan.rank_0_serves ? "titan" : supervised_prefix(variables.text("TORCHELASTIC_RESTART_COUNT").value_or("0"));
  return plan;
}

std::string slurm_head_node(const Variables& variables) {
  if (const auto host = variables.text("MASTER_ADDR")) return *host;
  for (const char* name : {"SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"})
    if (const auto nodes = variables.text(name)) return first_host(name, *nodes);
  throw ConfigError("SLURM_JOB_NODELIST", "is not set although SLURM_PROCID is, and neither is MASTER_ADDR");
}

/// Jobs that share a node get different ports: below the ephemeral range, by the job's number.
int64_t slurm_port(const Variables& variables) {
  if (const auto port = variables.integer("MASTER_PORT", 1, UINT16_MAX)) return *port;
  constexpr int64_t kFirst = 15000, kPorts = 15000;
  return kFirst + variables.integer("SLURM_JOB_ID", 0, INT64_MAX).value_or(0) % kPorts;
}

WorldPlan slurm_world(const Variables& variables) {
  platform::World world;
  const char* const size_name = variables.text("SLURM_STEP_NUM_TASKS") ? "SLURM_STEP_NUM_TASKS" : "SLURM_NTASKS";
  world.size = variables.required(size_name, 1, kLargestWorldSize, "SLURM_PROCID");
  world.rank = variables.required("SLURM_PROCID", 0, world.size - 1, size_name);
  world.local_rank = variables.required("SLURM_LOCALID", 0, kLargestWorldSize, "SLURM_PROCID");
  WorldPlan plan = process_world(world);
  if (plan.kind == WorldKind::solo) return plan;
  plan.store = {slurm_head_node(variables), static_cast<uint16_t>(slurm_port(variables)), "titan"};
  return plan;
}

}  // namespace

Environment current_environment() {
  Environment environment;
  for (char** entry = environ; *entry; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return environment;
}

WorldPlan decide_world(const Environment& environment, const WorldSettings& settings) {
  const Variables variables(environment);
  const auto from_environment = variables.text("COMM_MODE");
  const std::string mode = settings.comm_mode.value_or(from_environment.value_or("default"));
  if (mode == "fake_backend") return fake_world(variables, settings);
  if (mode == "local_tensor") return thread_world(variables);
  if (mode != "default")
    throw ConfigError(mode == from_environment ? "COMM_MODE" : "comm.mode",
                      "found '" + mode + "', allowed are default, fake_backend, local_tensor");
  if (variables.text("WORLD_SIZE")) return torchrun_world(variables);
  if (variables.text("SLURM_PROCID")) return slurm_world(variables);
  if (variables.text("RANK")) throw ConfigError("WORLD_SIZE", "is not set although RANK is");
  WorldPlan plan;
  plan.world.size = num_gpus(variables, 1);
  if (plan.world.size > 1) plan.kind = WorldKind::launch;
  return plan;
}

std::string first_host(const std::string& variable, const std::string& node_list) {
  std::string host;
  for (size_t i = 0; i < node_list.size() && node_list[i] != ','; ++i) {
    if (node_list[i] != '[') {
      host += node_list[i];
      continue;
    }
    const size_t close = node_list.find(']', i);
    const size_t end = node_list.find_first_of(",-]", i + 1);
    if (close == std::string::npos || end == i + 1)
      throw ConfigError(variable, "found '" + node_list + "', allowed are host names with ranges as in node[01-04,07]");
    host += node_list.substr(i + 1, end - i - 1);
    i = close;
  }
  if (host.empty()) throw ConfigError(variable, "found '" + node_list + "', which names no host");
  return host;
}

std::string supervised_prefix(const std::string& restart_count) { return "/worker/attempt_" + restart_count; }

}  // namespace titan::cli
