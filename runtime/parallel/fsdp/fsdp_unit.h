#pragma once

#include <optional>
#include <vector>

#include "runtime/comm/work.h"
#include "runtime/parallel/fsdp/fsdp_group.h"
#include "runtime/parallel/fsdp/reduce_buffer.h"
#include "runtime/parallel/fsdp/sharded_parameter.h"
#include "runtime/unit/unit.h"
#include "runtime/unit/unit_sharding.h"

namespace titan::parallel {

/// Data parallelism of one unit, or of several as one, in all its forms: FSDP (shard > 1), DDP (replicate > 1), HSDP
/// (both), one rank (neither). One all-gather of bytes to unshard and one reduce-scatter per microbatch; replicas are
/// summed once a step, and so are gradients that are partial over tensor-parallel ranks. Gradients travel in
/// dtypes.reduce (on one rank they are rounded to it) and are in dtypes.accumulate before and after. They are sums: the
/// loss is divided by the global token count.
class FsdpUnit : public unit::UnitSharding {
 public:
  /// Allocates the shards of the parameters of `units` (contents undefined) and binds their values. `group` must
  /// outlive this.
  FsdpUnit(FsdpGroup& group, const std::vector<unit::Unit*>& units, bool reshard_after_forward);
  FsdpUnit(FsdpGroup& group, unit::Unit& unit, bool reshard_after_forward)
      : FsdpUnit(group, std::vector<unit::Unit*>{&unit}, reshard_after_forward) {}

  void begin_unshard() override;
  void finish_unshard() override;
  void reshard() override;
  bool reshard_after_forward() const override { return reshard_after_forward_; }
  void begin_reduce(bool last_microbatch) override;
  size_t reduction_lag() const override;
  void finish_reduce() override;
  std::vector<unit::LocalShard*> shards() override;

 private:
  enum class State { sharded, gathering, unsharded };

  void add_parameter(nn::Parameter& parameter);
  bool values_are_shards() const;  // nothing to gather and nothing to cast: forward reads the shards themselves
  void cast_shards();
  bool is_alone() const;  // no rank to share with: gradients stay where they are
  bool offloads() const;  // shards, gradients and optimizer state are in memory that is not the device's
  void take_gradients();
  void fill_missing_gradients();
  void complete_scatter();
  void accumulate(at::Tensor&& part);
  void offload(const at::Tensor& part);
  void finish_offload();
  bool narrows_to_reduce(const at::Tensor& gradient) const;
  bool sums_replicas() const { return last_microbatch_ && group_.replicate.size() > 1; }
  at::Tensor take_gradient_part();
  void sum_over_tensor_ranks(const at::Tensor& partial);
  void sum_separate_gradients();

  FsdpGroup& group_;
  bool reshard_after_forward_;
  std::vector<ShardedParameter> parameters_;
  int64_t gather_part_bytes_ = 0;
  ReduceLayout reduce_layout_;

  State state_ = State::sharded;
  at::Tensor gather_send_, gather_received_;
  comm::Work gather_work_;

  bool last_microbatch_ = false;
  at::Tensor scatter_full_, scatter_part_;
  platform::Event reduced_;  // gradient_part_ holds what was scattered last
  comm::Work scatter_work_, replicate_work_;
  // This rank's gradients summed over microbatches, one flat tensor; dtypes.accumulate, but dtypes.reduce while
  // replicas are summed.
  at::Tensor gradient_part_;
  at::Tensor host_part_;       // the same in host memory
  platform::Event offloaded_;  // the last copy to the host is done
};

}  // namespace titan::parallel
