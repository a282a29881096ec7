#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>
#include <vector>

#include "sim/device/rank_state.h"
#include "sim/platform/unit_template.h"

namespace titan::sim {

/// The externals of one call in the order of their References.
struct CallExternals {
  std::vector<uint32_t> storages;     // numbers in the trace
  std::vector<c10::Storage> handles;  // those whose life the call decides; null for the others
  std::vector<at::Tensor> state;      // parameters' values and buffers
  uint32_t first_state = 0;
};

/// What a recorded forward leaves for its backward. Frees it if there is none.
class ForwardInstance {
 public:
  ForwardInstance(RankState& rank, std::shared_ptr<const UnitTemplate> made)
      : rank_(rank.shared_from_this()), made_(std::move(made)) {}
  ForwardInstance(const ForwardInstance&) = delete;
  ForwardInstance& operator=(const ForwardInstance&) = delete;
  ~ForwardInstance();

  const std::shared_ptr<const UnitTemplate>& made() const { return made_; }
  uint32_t first_storage() const { return first_storage_; }
  memory::BlockId block(uint32_t n) const { return blocks_[n]; }

  /// The handle of a shared result; null if `n` is none.
  c10::Storage* shared(uint32_t n);
  /// Says that somebody else frees a saved allocation.
  void give_away(uint32_t n) { is_saved_[n] = false; }

  std::vector<c10::Storage> inputs;           // kept ones; null for the others
  std::vector<c10::Storage> shared_storages;  // in the template's order

 private:
  friend class Instance;

  std::shared_ptr<RankState> rank_;
  std::shared_ptr<const UnitTemplate> made_;
  uint32_t first_storage_ = 0;
  std::vector<memory::BlockId> blocks_;
  std::vector<bool> is_saved_;
};

/// One call recorded from a template: nodes in the trace, memory of the allocator.
class Instance {
 public:
  /// Records the call. `forward`: of a backward. Throws memory::OutOfMemoryError.
  Instance(RankState& rank, c10::DeviceIndex device, const UnitTemplate& made, CallExternals& externals,
           ForwardInstance* forward);

  /// A tensor that the call leaves behind.
  at::Tensor make(const LeftTensor& left);
  /// Hands over what a forward keeps. After all results are made.
  void leave_to(ForwardInstance& forward);

 private:
  /// Writes all nodes, then acts out allocs and frees in their order.
  void record();
  void fill_in(trace::Recorder::Block& block) const;
  void act(trace::Node& node, uint32_t index);
  void free(trace::Node& node, Reference storage);
  void drop(trace::Node& node, c10::Storage& handle);
  void free_own();
  uint32_t number_of(Reference storage) const;
  c10::Storage storage_of(Reference storage);
  c10::Storage adopt(Reference storage, memory::BlockId block, const UnitTemplate::Own& own);

  RankState& rank_;
  const c10::DeviceIndex device_;
  const UnitTemplate& made_;
  CallExternals& externals_;
  ForwardInstance* forward_;
  uint32_t first_storage_;
  std::vector<memory::BlockId> blocks_;  // kNoBlock: freed
  std::vector<std::pair<Reference, c10::Storage>> adopted_;
};

}  // namespace titan::sim
