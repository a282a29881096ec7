#pragma once

#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/data/data_loader.h"
#include "runtime/metrics/logger.h"
#include "runtime/train/session.h"
#include "validate/divergence/comparison.h"
#include "validate/divergence/divergence.h"
#include "validate/divergence/observing_platform.h"
#include "validate/divergence/reference_run.h"

namespace titan::validate {

/// What one rank found; read by others once the rank has ended.
struct RankFindings {
  std::optional<Divergence> first;
  int64_t num_tensors = 0;
  double largest_error = 0.0;
  std::string largest_where;
  std::vector<UnitErrors> growth;  // of the last step
};

/// One rank of the composition, compared with the reference while it runs. Lives on the rank's thread.
class LockstepRank {
 public:
  /// Collective over the composition.
  LockstepRank(const DivergenceOptions& options, platform::Platform& platform, RankFindings& findings);

  int64_t global_rows() const { return session_->batch_rules().global; }

  void compare_initial(const ReferenceStep& reference);
  /// Runs one step and compares all it computes. Collective. Returns what ended the step early, if anything did (a
  /// gradient that is not finite).
  std::exception_ptr run_step(int64_t step, const ReferenceStep& reference);

 private:
  using Order = std::array<int64_t, 5>;

  /// A tensor of this rank's and the part of the reference's that it should equal; undefined where a side has none.
  struct Pair {
    Stage stage;
    int64_t microbatch;
    std::string unit;
    std::string tensor;
    at::Tensor actual;
    at::Tensor reference;
    Order order;
  };

  void run_and_compare(const data::Batch& batch, int64_t step);
  void compare_unit(const UnitResult& result);
  void compare_layout(const UnitResult& result, size_t index, const at::Tensor& reference, Pair&& pair);
  void compare_gradients();
  void compare_norm(const at::Tensor& norm);
  void compare_parameters(Stage stage);
  void compare_shard(const unit::LocalShard& shard, const at::Tensor& value, const at::Tensor& whole, Pair&& pair);
  void compare_pair(const Pair& pair);
  void keep_first(const Pair& pair, const Divergence& found);
  void note(const Pair& pair, const Difference& difference);
  size_t unit_index(const unit::Unit& unit) const;
  std::vector<unit::ShardedDim> layout_of(const UnitResult& result) const;

  const DivergenceOptions& options_;
  Tolerance tolerance_;
  metrics::Logger quiet_;
  std::unique_ptr<platform::Platform> disturbed_;
  ObservingPlatform observing_;
  std::unique_ptr<train::Session> session_;
  RankFindings& findings_;
  const ReferenceStep* reference_ = nullptr;
  int64_t step_ = 0;
};

}  // namespace titan::validate
