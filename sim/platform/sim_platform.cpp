#include "sim/platform/sim_platform.h"

#include <c10/core/AutogradState.h>
#include <c10/util/Exception.h>

#include <string>
#include <utility>

#include "runtime/comm/call.h"
#include "runtime/comm/solo_communicator.h"
#include "runtime/platform/memory_category.h"
#include "sim/comm/trace_communicator.h"
#include "sim/device/device_table.h"
#include "sim/device/dispatch.h"
#include "sim/device/register_sim_device.h"
#include "sim/device/storage.h"
#include "sim/platform/run_unit.h"
#include "sim/trace/categories.h"
#include "sim/trace/renumber.h"

namespace titan::sim {
namespace {

constexpr double kSecondsPerNode = 1e-6;

uint8_t number_of(const platform::Stream& stream) { return static_cast<uint8_t>(stream.id); }

class TraceEvent final : public platform::EventImpl {
 public:
  TraceEvent(std::shared_ptr<RankState> rank, uint32_t number) : rank_(std::move(rank)), number_(number) {}
  void block(const platform::Stream& stream) override { rank_->recorder().wait_event(number_of(stream), number_); }
  void synchronize() override { rank_->recorder().host_wait(number_); }

 private:
  std::shared_ptr<RankState> rank_;
  uint32_t number_;
};

c10::DeviceIndex make_device(const std::shared_ptr<RankState>& rank) {
  register_sim_device();
  c10::AutogradState::get_tls_state().set_multithreading_enabled(false);
  return add_device(rank);
}

}  // namespace

SimPlatform::SimPlatform(const platform::World& world, const DeviceOptions& options)
    : world_(world),
      state_(std::make_shared<RankState>(options, world.rank, world.size)),
      index_(make_device(state_)) {}

SimPlatform::~SimPlatform() { remove_device(index_); }

at::Device SimPlatform::device() const { return at::Device(c10::DeviceType::PrivateUse1, index_); }

at::TensorOptions SimPlatform::host_memory() const {
  return at::TensorOptions().device(c10::DeviceType::PrivateUse1, host_index(index_)).pinned_memory(true);
}

platform::Stream SimPlatform::stream(platform::StreamRole role) {
  return {.role = role, .id = static_cast<int64_t>(role)};
}

platform::Scope SimPlatform::use_stream(const platform::Stream& stream) {
  const uint8_t before = state_->stream();
  state_->set_stream(number_of(stream));
  return platform::Scope([state = state_.get(), before] { state->set_stream(before); });
}

platform::Event SimPlatform::record_event(const platform::Stream& stream) {
  return std::make_shared<TraceEvent>(state_, state_->recorder().record_event(number_of(stream)));
}

double SimPlatform::now() { return kSecondsPerNode * static_cast<double>(trace().nodes.size()); }

platform::MemoryStats SimPlatform::memory_stats() {
  const auto& stats = state_->memory().stats();
  const platform::MemoryStats result{.allocated_bytes = stats.all.allocated_bytes.current,
                                     .peak_allocated_bytes = stats.all.allocated_bytes.peak,
                                     .reserved_bytes = stats.all.reserved_bytes.current,
                                     .peak_reserved_bytes = stats.all.reserved_bytes.peak,
                                     .capacity_bytes = static_cast<int64_t>(state_->memory().device().capacity_bytes()),
                                     .num_alloc_retries = stats.num_alloc_retries,
                                     .num_ooms = stats.num_ooms};
  state_->memory().reset_peak_stats();
  return result;
}

std::unique_ptr<comm::Communicator> SimPlatform::make_communicator(const std::vector<int>& ranks,
                                                                   std::string_view name) {
  templates_.clear();  // units may communicate otherwise than those before
  comm::check_ranks(ranks, world_.rank, world_.size, name);
  if (ranks.size() == 1) return std::make_unique<comm::SoloCommunicator>(std::string(name));
  return std::make_unique<TraceCommunicator>(state_, ranks, std::string(name));
}

platform::Scope SimPlatform::annotate(std::string_view name) {
  if (name.starts_with(platform::kMemoryScopePrefix))
    return tag_memory(name.substr(platform::kMemoryScopePrefix.size()));
  state_->recorder().begin_scope(name);
  return platform::Scope([state = state_.get()] {
    if (state->is_recording()) state->recorder().end_scope();
  });
}

platform::Scope SimPlatform::tag_memory(std::string_view category) {
  const uint16_t before = state_->category();
  state_->set_category(state_->recorder().intern_category(category));
  return platform::Scope([state = state_.get(), before] { state->set_category(before); });
}

double SimPlatform::read(const at::Tensor& scalar, double expectation) {
  TORCH_CHECK(scalar.numel() == 1, "read: tensor must have one element: sizes=", scalar.sizes());
  if (is_simulated(scalar)) record_read(scalar);
  return expectation;
}

std::vector<at::Tensor> SimPlatform::run_unit(unit::UnitCall&& call) {
  return sim::run_unit(*state_, index_, templates_, std::move(call));
}

const trace::Trace& SimPlatform::trace() const { return state_->recorder().trace(); }

trace::Trace SimPlatform::take_trace() {
  trace::Trace trace = state_->end_recording();
  trace::assign_categories(trace);
  trace::renumber_by_use(trace);
  return trace;
}

}  // namespace titan::sim
