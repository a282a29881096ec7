#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace titan::mesh {

/// Degrees of every parallelism as configured ([parallelism]). dp_shard -1: all ranks that the others leave.
struct Degrees {
  int64_t dp_replicate = 1;
  int64_t dp_shard = -1;
  int64_t cp = 1;
  int64_t tp = 1;
  int64_t pp = 1;
  int64_t ep = 1;
  int64_t etp = 1;

  bool operator==(const Degrees&) const = default;
};

/// A named axis of the mesh: the ranks that differ in this coordinate only form its groups.
enum class Axis { kPp, kBatch, kLoss, kDpReplicate, kFsdp, kCp, kTp, kEp, kEfsdp, kEtp, kWorld };

/// Names an axis: "pp", "batch", "loss", "dp_replicate", "fsdp", "cp", "tp", "ep", "efsdp", "etp", "world".
std::string_view name_of(Axis axis);

/// Finds an axis by its name. Throws ContractError "Invalid mesh dim: ..." for another.
Axis axis_named(std::string_view name);

/// One way to number the ranks by coordinates; the last axis varies fastest.
enum class View {
  kDataloading,  // [pp, batch, cp, tp]
  kDense,        // [pp, dp_replicate, fsdp, tp]
  kSparse,       // [pp, dp_replicate, efsdp, ep, etp]
};

/// Lists a view's axes, outermost first.
const std::vector<Axis>& axes_of(View view);

/// The shape of a job: how world_size ranks are numbered along the axes. A value; knows no rank of its own.
/// batch = dp_replicate * dp_shard; loss = batch * cp; fsdp = dp_shard * cp; efsdp = fsdp * tp / (etp * ep): experts
/// borrow their ranks from fsdp and, with etp 1, from tp.
class ParallelDims {
 public:
  /// Resolves dp_shard. Throws ConfigError, naming dotted keys, unless every degree is at least 1, their product
  /// (without ep and etp) is world_size, and etp is tp or 1 where ep > 1.
  ParallelDims(const Degrees& degrees, int64_t world_size);

  /// Throws ConfigError unless the sparse view exists too: ep * etp must divide fsdp * tp. Every axis may be used then.
  void check_experts() const;

  const Degrees& degrees() const { return degrees_; }
  int64_t world_size() const { return world_size_; }
  int64_t size(Axis axis) const;
  /// Says whether an axis does anything: more than one rank, or efsdp with ep > 1 (experts are sharded on their own
  /// mesh even when that has one rank).
  bool active(Axis axis) const;

  bool dp_enabled() const { return degrees_.dp_replicate > 1 || degrees_.dp_shard > 1; }
  bool fsdp_enabled() const { return size(Axis::kFsdp) > 1; }
  int64_t non_data_parallel_size() const { return degrees_.cp * degrees_.tp * degrees_.pp; }
  /// The reference's rule for sequence lengths. titan pads for tp, so only `2 * cp` binds (config/rules).
  int64_t seq_len_divisor() const { return degrees_.tp * degrees_.cp * 2; }
  int64_t fsdp_gradient_divide_factor() const { return degrees_.dp_replicate * degrees_.dp_shard * degrees_.cp; }

  /// Gives a rank's place along an axis.
  int64_t coordinate(Axis axis, int64_t rank) const;
  /// Gives a rank's coordinates along a view's axes, outermost first; rank_at is the inverse.
  std::vector<int64_t> coordinates(View view, int64_t rank) const;
  int64_t rank_at(View view, const std::vector<int64_t>& coordinates) const;

  /// Lists the global ranks of the group of `axis` that `rank` is in, by their place along it.
  std::vector<int64_t> ranks_of(Axis axis, int64_t rank) const;
  /// The same for several axes flattened into one, outermost first. Throws ContractError unless one view has them all.
  std::vector<int64_t> ranks_of(const std::vector<Axis>& axes, int64_t rank) const;

  /// "Building device mesh with parallelism: pp=1, dp_replicate=1, ...".
  std::string building_text() const;
  /// "Successfully created meshes with active dimensions: ['batch', 'loss', 'fsdp']".
  std::string created_text() const;

 private:
  int64_t stride(Axis axis) const;
  void check_rank(const char* operation, int64_t rank) const;

  Degrees degrees_;
  int64_t world_size_;
};

/// Lists all degrees by dotted key, as they were configured: "parallelism.data_parallel_replicate_degree = 1, ...".
std::string degrees_text(const Degrees& degrees);

}  // namespace titan::mesh
