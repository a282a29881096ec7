#include "runtime/mesh/parallel_dims.h"

#include <array>

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"
#include "runtime/mesh/degree_keys.h"

namespace titan::mesh {
namespace {

using config::check;
using config::ConfigError;

constexpr std::array<std::string_view, 11> kAxisNames = {"pp", "batch", "loss",  "dp_replicate", "fsdp", "cp",
                                                         "tp", "ep",    "efsdp", "etp",          "world"};

/// Multiplies degrees; absent from 64 bits means larger than any world.
int64_t product_of(std::initializer_list<int64_t> factors) {
  int64_t product = 1;
  for (int64_t factor : factors) {
    if (__builtin_mul_overflow(product, factor, &product)) return INT64_MAX;
  }
  return product;
}

void check_degrees(const Degrees& degrees) {
  for (const DegreeKey& degree : kDegreeKeys) {
    const int64_t value = degrees.*degree.member;
    if (degree.member == &Degrees::dp_shard) {
      if (value != -1 && value < 1)
        throw ConfigError(degree.key, "dp_shard must -1 or >=1, found " + std::to_string(value));
    } else if (value < 1) {
      throw ConfigError(degree.key,
                        "Parallelism degree should be >= 1, except for dp_shard, found " + std::to_string(value));
    }
  }
}

[[noreturn]] void refuse_product(const Degrees& configured, int64_t dp_shard, int64_t world_size) {
  std::string product;
  for (const DegreeKey& degree : kDegreeKeys) {
    if (!degree.in_product) continue;
    const int64_t value = degree.member == &Degrees::dp_shard ? dp_shard : configured.*degree.member;
    product += (product.empty() ? "" : " * ") + std::string(degree.name) + "(" + std::to_string(value) + ")";
  }
  throw ConfigError(kDpShardKey, "Invalid parallel dims: " + product + " != WORLD_SIZE(" + std::to_string(world_size) +
                                     "), with " + degrees_text(configured));
}

/// Checks in the reference's order and fills dp_shard in.
Degrees resolved(const Degrees& configured, int64_t world_size) {
  check(world_size >= 1, "parallel_dims: world_size must be at least 1: world_size=", world_size);
  check_degrees(configured);
  Degrees degrees = configured;
  const int64_t others = product_of({degrees.dp_replicate, degrees.cp, degrees.tp, degrees.pp});
  if (degrees.dp_shard == -1) degrees.dp_shard = world_size / others;
  if (product_of({others, degrees.dp_shard}) != world_size) refuse_product(configured, degrees.dp_shard, world_size);
  if (degrees.ep > 1 && degrees.etp != degrees.tp && degrees.etp != 1) {
    throw ConfigError("parallelism.expert_tensor_parallel_degree",
                      "Currently we only support ETP=TP or ETP=1, found " + std::to_string(degrees.etp) +
                          " with parallelism.tensor_parallel_degree = " + std::to_string(degrees.tp));
  }
  return degrees;
}

bool has_all(View view, const std::vector<Axis>& axes) {
  size_t found = 0;
  for (Axis axis : axes_of(view)) found += found < axes.size() && axes[found] == axis;
  return found == axes.size();
}

std::string list_of_names(const std::vector<Axis>& axes) {
  std::string out;
  for (Axis axis : axes) out += (out.empty() ? "" : ", ") + std::string(name_of(axis));
  return "[" + out + "]";
}

}  // namespace

std::string_view name_of(Axis axis) { return kAxisNames[static_cast<size_t>(axis)]; }

Axis axis_named(std::string_view name) {
  for (size_t i = 0; i < kAxisNames.size(); ++i) {
    if (kAxisNames[i] == name) return static_cast<Axis>(i);
  }
  throw config::ContractError("Invalid mesh dim: '" + std::string(name) + "'");
}

const std::vector<Axis>& axes_of(View view) {
  static const std::array<std::vector<Axis>, 3> kAxes = {
      {{Axis::kPp, Axis::kBatch, Axis::kCp, Axis::kTp},
       {Axis::kPp, Axis::kDpReplicate, Axis::kFsdp, Axis::kTp},
       {Axis::kPp, Axis::kDpReplicate, Axis::kEfsdp, Axis::kEp, Axis::kEtp}}};
  return kAxes[static_cast<size_t>(view)];
}

std::string degrees_text(const Degrees& degrees) {
  std::string out;
  for (const DegreeKey& degree : kDegreeKeys) {
    out += (out.empty() ? "" : ", ") + std::string(degree.key) + " = " + std::to_string(degrees.*degree.member);
  }
  return out;
}

ParallelDims::ParallelDims(const Degrees& degrees, int64_t world_size)
    : degrees_(resolved(degrees, world_size)), world_size_(world_size) {}

void ParallelDims::check_experts() const {
  const int64_t ranks = size(Axis::kFsdp) * degrees_.tp;
  const int64_t used = product_of({degrees_.ep, degrees_.etp});
  if (ranks % used == 0) return;
  throw ConfigError("parallelism.expert_parallel_degree", "ep * etp must divide dp_shard * cp * tp (" +
                                                              std::to_string(ranks) + " % " + std::to_string(used) +
                                                              " != 0), with " + degrees_text(degrees_));
}

int64_t ParallelDims::size(Axis axis) const {
  const Degrees& d = degrees_;
  switch (axis) {
    case Axis::kPp:
      return d.pp;
    case Axis::kBatch:
      return d.dp_replicate * d.dp_shard;
    case Axis::kLoss:
      return d.dp_replicate * d.dp_shard * d.cp;
    case Axis::kDpReplicate:
      return d.dp_replicate;
    case Axis::kFsdp:
      return d.dp_shard * d.cp;
    case Axis::kCp:
      return d.cp;
    case Axis::kTp:
      return d.tp;
    case Axis::kEp:
      return d.ep;
    case Axis::kEfsdp:
      return d.dp_shard * d.cp * d.tp / product_of({d.etp, d.ep});
    case Axis::kEtp:
      return d.etp;
    case Axis::kWorld:
      break;
  }
  return world_size_;
}

/// Distance in global rank between neighbours along an axis: the product of the sizes inside it.
int64_t ParallelDims::stride(Axis axis) const {
  const Degrees& d = degrees_;
  switch (axis) {
    case Axis::kPp:
      return world_size_ / d.pp;
    case Axis::kBatch:
      return d.cp * d.tp;
    case Axis::kDpReplicate:
      return d.dp_shard * d.cp * d.tp;
    case Axis::kLoss:
    case Axis::kFsdp:
    case Axis::kCp:
      return d.tp;
    case Axis::kEfsdp:
      return product_of({d.ep, d.etp});
    case Axis::kEp:
      return d.etp;
    default:
      return 1;
  }
}

bool ParallelDims::active(Axis axis) const { return size(axis) > 1 || (axis == Axis::kEfsdp && degrees_.ep > 1); }

void ParallelDims::check_rank(const char* operation, int64_t rank) const {
  check(rank >= 0 && rank < world_size_, operation, ": rank must be below world_size: rank=", rank,
        " world_size=", world_size_);
}

int64_t ParallelDims::coordinate(Axis axis, int64_t rank) const {
  check_rank("coordinate", rank);
  check(size(axis) >= 1, "coordinate: the axis must exist (see check_experts): axis=", name_of(axis));
  return rank / stride(axis) % size(axis);
}

std::vector<int64_t> ParallelDims::coordinates(View view, int64_t rank) const {
  std::vector<int64_t> places;
  for (Axis axis : axes_of(view)) places.push_back(coordinate(axis, rank));
  return places;
}

int64_t ParallelDims::rank_at(View view, const std::vector<int64_t>& coordinates) const {
  const auto& axes = axes_of(view);
  check(coordinates.size() == axes.size(), "rank_at: one coordinate per axis: coordinates=", coordinates.size(),
        " axes=", list_of_names(axes));
  int64_t rank = 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    check(coordinates[i] >= 0 && coordinates[i] < size(axes[i]),
          "rank_at: coordinate must be below the size: axis=", name_of(axes[i]), " coordinate=", coordinates[i],
          " size=", size(axes[i]));
    rank += coordinates[i] * stride(axes[i]);
  }
  return rank;
}

std::vector<int64_t> ParallelDims::ranks_of(Axis axis, int64_t rank) const {
  const int64_t first = rank - coordinate(axis, rank) * stride(axis);
  std::vector<int64_t> ranks;
  for (int64_t place = 0; place < size(axis); ++place) ranks.push_back(first + place * stride(axis));
  return ranks;
}

std::vector<int64_t> ParallelDims::ranks_of(const std::vector<Axis>& axes, int64_t rank) const {
  const bool known = has_all(View::kDataloading, axes) || has_all(View::kDense, axes) || has_all(View::kSparse, axes);
  check(known, "Invalid mesh dim: no view has these axes in this order: ", list_of_names(axes));
  check_rank("ranks_of", rank);
  std::vector<int64_t> ranks = {rank};
  for (Axis axis : axes) {
    std::vector<int64_t> wider;
    for (int64_t member : ranks) {
      const auto group = ranks_of(axis, member);
      wider.insert(wider.end(), group.begin(), group.end());
    }
    ranks = std::move(wider);
  }
  return ranks;
}

std::string ParallelDims::building_text() const {
  const Degrees& d = degrees_;
  std::string text = "Building device mesh with parallelism: pp=" + std::to_string(d.pp);
  for (const DegreeKey& degree : kDegreeKeys) {
    if (degree.member != &Degrees::pp) text += ", " + std::string(degree.name) + "=" + std::to_string(d.*degree.member);
  }
  return text;
}

std::string ParallelDims::created_text() const {
  std::string names;
  for (Axis axis : {Axis::kPp, Axis::kBatch, Axis::kLoss, Axis::kDpReplicate, Axis::kFsdp, Axis::kCp, Axis::kTp,
                    Axis::kEp, Axis::kEfsdp, Axis::kEtp}) {
    if (size(axis) > 1) names += (names.empty() ? "'" : ", '") + std::string(name_of(axis)) + "'";
  }
  return "Successfully created meshes with active dimensions: [" + names + "]";
}

}  // namespace titan::mesh
