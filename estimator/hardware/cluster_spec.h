#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "estimator/hardware/gpu_spec.h"

namespace titan::hardware {

/// Bus bandwidth of one collective over message size, measured: GB/s, as nccl-tests counts it.
struct MeasuredCollective {
  std::string kind;  // "all_reduce"
  int64_t num_ranks = 0, num_nodes = 0;
  Curve busbw_gb_s;
};

/// How GPUs are connected. A node is an NVLink (or Infinity Fabric) domain; ranks fill nodes in order. Meanings, units
/// and ranges of the keys: declare_numbers(); sources: the comments in configs/cluster/*.toml.
struct ClusterSpec {
  std::filesystem::path file;

  std::string name;
  int64_t gpus_per_node = 0;

  struct Link {
    double ring_gb_s = 0, peer_gb_s = 0, all_to_all_gb_s = 0, ll_max_gb_s = 0;
    bool mesh = false;                  // one link to each peer instead of a switch
    std::optional<double> switch_gb_s;  // reduction in the switch (NVLS)
    std::optional<int64_t> switch_min_ranks;
  } link;
  struct Network {
    double nics_per_gpu = 0, nic_gb_s = 0, efficiency = 0, ll_max_gb_s = 0;
    std::vector<std::string> algorithms, protocols;
  } network;
  struct Latency {
    double start_us = 0, network_us = 0, post_us = 0;
  } latency;
  struct Pipeline {
    double fill_us = 0, half_mib = 0;
  } pipeline;
  struct Channels {
    int64_t per_communicator = 0;
  } channels;
  struct Deviation {
    double latency = 0;
    ByEvidence link, network;
  } deviation;

  std::vector<MeasuredCollective> measured;
  Calibration calibration;
};

/// Binds the numbers of `cluster` to their keys: what calibration can move, by name.
void declare_numbers(config::Schema& schema, ClusterSpec& cluster);

/// Loads configs/cluster/<name>.toml. Throws ConfigError.
ClusterSpec load_cluster(const std::string& where, const std::string& name, const std::filesystem::path& folder);

}  // namespace titan::hardware
