#include "sim/device/rank_state.h"

#include <c10/util/Exception.h>

#include <utility>

#include "sim/device/call_table.h"
#include "sim/trace/categories.h"

namespace titan::sim {
namespace {

constexpr uint64_t kEndlessBytes = uint64_t{1} << 46;

memory::AllocatorOptions with_capacity(memory::AllocatorOptions options) {
  if (options.capacity_bytes == 0) options.capacity_bytes = kEndlessBytes;
  return options;
}

}  // namespace

RankState::RankState(const DeviceOptions& options, int32_t rank, int32_t world_size)
    : options_(options),
      recorder_(rank, world_size),
      memory_(with_capacity(options.memory), events_),
      calls_(std::make_unique<CallTable>()) {}

RankState::~RankState() = default;

trace::Recorder& RankState::recorder() {
  TORCH_CHECK(is_recording_, "simulated device: the trace of rank ", rank(),
              " has been taken; nothing can be recorded after it");
  return recorder_;
}

trace::Trace RankState::end_recording() {
  trace::Trace trace = recorder().take();
  is_recording_ = false;
  return trace;
}

void RankState::set_stream(uint8_t stream) {
  TORCH_CHECK(stream < trace::kMaxStreams, "simulated device: no such stream: ", static_cast<int>(stream));
  stream_ = stream;
}

Allocation* RankState::allocate(uint64_t num_bytes) {
  trace::Recorder& to = recorder();
  const memory::BlockId block = memory_.malloc(num_bytes, stream_);
  return new Allocation{shared_from_this(), num_bytes, block, to.alloc(stream_, num_bytes, category_), stream_};
}

void RankState::free(Allocation* allocation) {
  const std::shared_ptr<RankState> alive = std::move(allocation->rank);
  memory_.free(allocation->block);
  if (is_recording_) recorder_.free(allocation->stream, allocation->storage, allocation->num_bytes);
  delete allocation;
}

void RankState::keep_matmul_workspace() {
  if (options_.matmul_workspace_bytes == 0 || std::exchange(has_matmul_workspace_[stream_], true)) return;
  memory_.malloc(options_.matmul_workspace_bytes, stream_);
  recorder().alloc(stream_, options_.matmul_workspace_bytes, recorder().intern_category(trace::kTemporary));
}

}  // namespace titan::sim
