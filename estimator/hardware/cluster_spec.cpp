#include "estimator/hardware/cluster_spec.h"

#include <algorithm>

#include "estimator/hardware/spec_file.h"
#include "runtime/config/config_error.h"

namespace titan::hardware {

void declare_numbers(config::Schema& schema, ClusterSpec& cluster) {
  schema.section("cluster", "the machine around the GPUs")
      .field("gpus_per_node", cluster.gpus_per_node, "GPUs in one NVLink domain", between(1, 576, "GPUs"));
  schema.section("link", "inside a node; per GPU and direction")
      .field("ring_gb_s", cluster.link.ring_gb_s, "bus bandwidth of a ring collective, large messages",
             between(5, 3000, "GB/s"))
      .field("switch_gb_s", cluster.link.switch_gb_s, "bytes of the tensor per second of an all-reduce in the switch",
             between(20, 3000, "GB/s"))
      .field("switch_min_ranks", cluster.link.switch_min_ranks, "fewest ranks that use the switch",
             between(2, 72, "ranks"))
      .field("mesh", cluster.link.mesh, "one link to each peer: few ranks use few links")
      .field("peer_gb_s", cluster.link.peer_gb_s, "one transfer between two GPUs", between(5, 3000, "GB/s"))
      .field("all_to_all_gb_s", cluster.link.all_to_all_gb_s, "bus bandwidth of all-to-all", between(5, 3000, "GB/s"))
      .field("ll_max_gb_s", cluster.link.ll_max_gb_s, "limit of the low-latency protocol", between(5, 2000, "GB/s"));
  schema.section("network", "between nodes")
      .field("nics_per_gpu", cluster.network.nics_per_gpu, "network ports per GPU", between(0.05, 8, "per GPU"))
      .field("nic_gb_s", cluster.network.nic_gb_s, "line rate of a port, one direction", between(1, 500, "GB/s"))
      .field("efficiency", cluster.network.efficiency, "share of the line rate that large messages reach", share())
      .field("ll_max_gb_s", cluster.network.ll_max_gb_s, "limit of the low-latency protocol", between(2, 500, "GB/s"));
  schema.section("latency", "fixed times of communication")
      .field("start_us", cluster.latency.start_us, "start and end of one collective on the device",
             between(1, 200, "us"))
      .field("network_us", cluster.latency.network_us, "per hop between nodes, on top of NCCL's own figure",
             between(0.1, 90, "us"))
      .field("post_us", cluster.latency.post_us, "posting one network operation", between(0.1, 20, "us"));
  schema.section("pipeline", "what filling the pipeline costs a message of middle size")
      .field("fill_us", cluster.pipeline.fill_us, "extra time of a large message", between(2, 1500, "us"))
      .field("half_mib", cluster.pipeline.half_mib, "message that has half of it", between(0.5, 450, "MiB"));
  schema.section("channels", "copies of a ring or tree that NCCL runs side by side")
      .field("per_communicator", cluster.channels.per_communicator, "each with its own buffers",
             between(1, 64, "channels"));
  schema.section("deviation", "relative standard deviations of what is stated here")
      .field("latency", cluster.deviation.latency, "fixed times", deviation_rules());
  using replay::Evidence;
  declare_deviation(schema, "link", cluster.deviation.link,
                    {Evidence::measured, Evidence::interpolated, Evidence::model});
  declare_deviation(schema, "network", cluster.deviation.network,
                    {Evidence::measured, Evidence::interpolated, Evidence::model});
}

namespace {

bool contains(const std::vector<std::string>& list, const char* name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

void check(const ClusterSpec& cluster) {
  const auto fail = [&cluster](const char* key, const std::string& message) {
    throw config::ConfigError(key, message + " (" + cluster.file.string() + ")");
  };
  if (cluster.link.switch_gb_s.has_value() != cluster.link.switch_min_ranks.has_value()) {
    fail("link.switch_gb_s", "goes with link.switch_min_ranks: give both or none");
  }
  if (!contains(cluster.network.algorithms, "ring")) {
    fail("network.algorithms", "must hold ring: gathers and reduce-scatters have no other");
  }
  if (!contains(cluster.network.protocols, "simple")) {
    fail("network.protocols", "must hold simple: the low-latency ones are limits on it");
  }
}

MeasuredCollective read_measured(const ClusterSpec& cluster, const std::string& text) {
  RowReader row("measured.collectives", cluster.file.string(), text);
  MeasuredCollective measured;
  measured.kind = row.choice("kind", {"all_reduce", "all_gather", "reduce_scatter", "all_to_all"});
  measured.num_ranks = static_cast<int64_t>(row.number("ranks", 2, 1e6));
  measured.num_nodes = static_cast<int64_t>(row.number("nodes", 1, 1e6));
  measured.busbw_gb_s = row.curve("busbw", 0.01, 5000);
  if (measured.busbw_gb_s.back().second < 5) row.fail("must reach 5 GB/s at its largest size: the unit is GB/s");
  return measured;
}

}  // namespace

ClusterSpec load_cluster(const std::string& where, const std::string& name, const std::filesystem::path& folder) {
  ClusterSpec cluster;
  config::TextList rows;
  config::Schema schema;
  declare_numbers(schema, cluster);
  schema.section("cluster").field("name", cluster.name, "what it is called", {.not_empty = true});
  schema.section("network").field("algorithms", cluster.network.algorithms, "what NCCL may choose between nodes",
                                  {.choices = {"ring", "tree", "nvls_tree"}, .not_empty = true});
  schema.section("network").field("protocols", cluster.network.protocols, "what NCCL may choose between nodes",
                                  {.choices = {"ll", "ll128", "simple"}, .not_empty = true});
  schema.section("measured", "tables that replace the model")
      .field("collectives", rows, "'kind ranks nodes size:bus-GB/s ...'");
  schema.section("calibration", "where the free factors come from")
      .field("calibrated", cluster.calibration.calibrated, "fitted to measurements")
      .field("statement", cluster.calibration.statement, "against what, or why not", {.not_empty = true});
  cluster.file = load_spec_file(schema, where, name, folder);
  check(cluster);
  for (const auto& text : rows) cluster.measured.push_back(read_measured(cluster, text));
  return cluster;
}

}  // namespace titan::hardware
