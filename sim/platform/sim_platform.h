#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "runtime/platform/platform.h"
#include "sim/device/rank_state.h"
#include "sim/platform/unit_templates.h"
#include "sim/trace/trace.h"

namespace titan::sim {

/// A rank of any world without a device and without peers: tensors have shapes and no contents, and everything that is
/// asked of the device is recorded in a trace. Several may live in one process, one after another or side by side on
/// one thread, up to kMaxRanks. Memory acts while it is recorded: memory_stats are those of the CUDA caching allocator,
/// and going beyond its capacity throws memory::OutOfMemoryError. Autograd multithreading is switched off on the thread
/// that builds a platform.
class SimPlatform final : public platform::Platform {
 public:
  explicit SimPlatform(const platform::World& world, const DeviceOptions& options = {});
  ~SimPlatform() override;

  at::Device device() const override;
  at::TensorOptions host_memory() const override;
  platform::World world() const override { return world_; }
  platform::Stream stream(platform::StreamRole role) override;
  platform::Scope use_stream(const platform::Stream& stream) override;
  platform::Event record_event(const platform::Stream& stream) override;
  /// A microsecond for each node recorded.
  double now() override;
  platform::MemoryStats memory_stats() override;
  std::unique_ptr<comm::Communicator> make_communicator(const std::vector<int>& ranks, std::string_view name) override;
  /// A scope in the trace, or, for a memory scope, the tag of what is allocated in it.
  platform::Scope annotate(std::string_view name) override;
  bool has_values() const override { return false; }
  double read(const at::Tensor& scalar, double expectation) override;
  std::vector<at::Tensor> run_unit(unit::UnitCall&& call) override;

  /// What has been recorded so far.
  const trace::Trace& trace() const;
  /// Ends recording, gives each storage its category (sim/trace/categories.h) and numbers descriptors by their use
  /// (sim/trace/renumber.h): from then on the rank can only be taken down.
  trace::Trace take_trace();
  RankState& state() { return *state_; }
  const UnitTemplates& templates() const { return templates_; }

 private:
  platform::Scope tag_memory(std::string_view category);

  platform::World world_;
  std::shared_ptr<RankState> state_;
  c10::DeviceIndex index_;
  UnitTemplates templates_;
};

}  // namespace titan::sim
