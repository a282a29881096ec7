#include "estimator/cost/group_shape.h"

#include <algorithm>
#include <map>

#include "runtime/config/check.h"

namespace titan::cost {

GroupShape group_shape(const std::vector<int32_t>& ranks, int64_t gpus_per_node) {
  config::check(!ranks.empty(), "group_shape: a group must have a rank");
  std::map<int64_t, int64_t> members;
  for (const int32_t rank : ranks) ++members[rank / gpus_per_node];
  GroupShape shape;
  shape.num_ranks = static_cast<int64_t>(ranks.size());
  shape.num_nodes = static_cast<int64_t>(members.size());
  shape.ranks_per_node = members.begin()->second;
  for (const auto& [node, count] : members) shape.ranks_per_node = std::min(shape.ranks_per_node, count);
  return shape;
}

}  // namespace titan::cost
