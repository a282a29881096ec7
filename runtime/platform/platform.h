#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string_view>
#include <vector>

#include "runtime/platform/memory_stats.h"
#include "runtime/platform/scope.h"
#include "runtime/platform/stream.h"

namespace titan::comm {
class Communicator;
}
namespace titan::unit {
struct UnitCall;
}

namespace titan::platform {

/// This process or thread among all of them.
struct World {
  int rank = 0;
  int size = 1;
  int local_rank = 0;

  bool operator==(const World&) const = default;
};

/// THE seam: everything a training step needs from the machine it runs on. One object per rank; many may live in one
/// process, so an implementation keeps no static mutable state. Called from the rank's own thread only.
class Platform {
 public:
  virtual ~Platform() = default;

  virtual at::Device device() const = 0;
  /// Device of tensors in the host's memory, on which operators are the host's work, and whether to pin them: copies
  /// between pinned memory and device() can go on beside the host. The same device where the host computes.
  virtual at::TensorOptions host_memory() const { return at::TensorOptions().device(at::kCPU); }
  virtual World world() const = 0;

  /// The stream of a role; the same one at every call.
  virtual Stream stream(StreamRole role) = 0;
  /// Makes `stream` current for ATen operators until the scope ends. Scopes nest.
  virtual Scope use_stream(const Stream& stream) = 0;
  /// Marks the end of all work enqueued on `stream` so far.
  virtual Event record_event(const Stream& stream) = 0;

  /// Seconds of a monotonic clock; device work may still be under way.
  virtual double now() = 0;
  virtual MemoryStats memory_stats() = 0;

  /// Connects `ranks` (global ranks, ascending, this rank among them). Every one of them must make the same calls in
  /// the same order; `name` tells the group in error messages ("dp_shard"). A single rank gives a communicator without
  /// peers.
  virtual std::unique_ptr<comm::Communicator> make_communicator(const std::vector<int>& ranks,
                                                                std::string_view name) = 0;

  /// Names what the device does until the scope ends (phase, microbatch, unit): markers of traces and profilers.
  virtual Scope annotate(std::string_view name) = 0;

  /// False where tensors have shapes but no contents: synthetic input, loss `n/a`, no finite check.
  virtual bool has_values() const = 0;
  /// Reads a one-element tensor on the host, waiting for the device. Without values the expectation is returned.
  virtual double read(const at::Tensor& scalar, double expectation) = 0;

  /// Executes one unit forward or backward (runtime/unit/unit_call.h), or replays what an identical call did before.
  virtual std::vector<at::Tensor> run_unit(unit::UnitCall&& call) = 0;
};

}  // namespace titan::platform
