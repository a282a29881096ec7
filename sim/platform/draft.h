#pragma once

#include <c10/core/Device.h>
#include <c10/util/intrusive_ptr.h>

#include <span>
#include <unordered_map>
#include <vector>

#include "sim/device/device_table.h"
#include "sim/device/rank_state.h"
#include "sim/platform/unit_template.h"

namespace titan::sim {

/// Runs a unit aside from the rank's trace, on stand-ins of its externals, to learn what it records. Nothing of it may
/// outlive the draft.
class Draft {
 public:
  Draft(RankState& rank, c10::DeviceIndex device);
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft();

  /// Makes stand-ins, numbered as externals from `first` on. What the call does not own stays alive until the end.
  std::vector<at::Tensor> stand_in(const std::vector<External>& externals, uint32_t first);
  /// Numbers real tensors that the unit reads where they are.
  void declare(std::span<const at::Tensor> tensors, uint32_t first);
  void hold(const c10::Storage& storage) { held_.push_back(storage); }
  /// Whether something besides the draft and `num_expected` others holds the storage of the stand-in `n`.
  bool is_kept(uint32_t n, size_t num_expected) const;

  /// Storages allocated between the two are the forward's.
  void begin_forward();
  void end_forward();
  /// What is recorded from here on is the call's.
  void begin_call();

  void copy_nodes(UnitTemplate& to) const;
  LeftTensor describe_left(const at::Tensor& tensor) const;
  Reference reference(uint32_t storage) const;

 private:
  using WeakStorage = c10::weak_intrusive_ptr<c10::StorageImpl>;
  struct StandIn {
    WeakStorage storage;
    bool is_held;
  };

  const trace::Trace& trace() const { return rank_.recorder().trace(); }
  void copy_node(const trace::Node& node, UnitTemplate& to) const;

  RankState& rank_;
  CurrentDevice device_;
  std::vector<c10::Storage> held_;
  std::unordered_map<uint32_t, uint32_t> numbers_;  // storage -> external
  std::unordered_map<uint32_t, StandIn> stand_ins_;
  uint32_t first_of_forward_ = 0, end_of_forward_ = 0;
  uint32_t first_storage_ = 0, first_event_ = 0;
  size_t first_node_ = 0;
};

}  // namespace titan::sim
