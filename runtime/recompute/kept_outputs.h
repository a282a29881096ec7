#pragma once

#include "runtime/recompute/interceptor.h"
#include "runtime/recompute/save_policy.h"

namespace titan::recompute {

/// What an output was like.
struct OutputShape {
  std::vector<int64_t> sizes;
  at::TensorOptions options;
};

/// One operator call of a unit's forward and what was kept of it, maybe nothing.
struct KeptCall {
  OpCall call;
  std::vector<OutputShape> shapes;
  Tensors outputs;  // empty, or one per shape
};

/// What a unit's forward kept: one entry per operator call in order.
using KeptOutputs = std::vector<KeptCall>;

/// The first forward: runs every call and keeps outputs as the policy says.
class Keeper final : public Interceptor {
 public:
  /// Both must outlive this.
  Keeper(const SavePolicy& policy, KeptOutputs& kept) : policy_(policy), kept_(kept) {}
  Tensors run(const OpCall& call, const Compute& compute) override;

 private:
  const SavePolicy& policy_;
  KeptOutputs& kept_;
  OpCounts counts_;
};

/// The second forward: hands kept outputs out instead of running their calls, which must be those of the first. Calls
/// at the end whose results nobody reads give tensors of NaN that take no memory.
class Replayer final : public Interceptor {
 public:
  /// `ends_linear`: Unit::ends_linear.
  Replayer(KeptOutputs&& kept, bool ends_linear);
  /// Throws c10::Error unless the first forward had this call at this place.
  Tensors run(const OpCall& call, const Compute& compute) override;
  /// Ends the second forward. Throws c10::Error if the first had more calls.
  void finish() const;

 private:
  KeptOutputs kept_;
  size_t first_unread_ = 0;
  size_t next_ = 0;
};

}  // namespace titan::recompute
