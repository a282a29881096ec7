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
  TORCH_CHECK(!trace::is_host_pool(stream), "simulated device: no such stream: ", static_cast<int>(stream));
  stream_ = stream;
}

Allocation* RankState::allocate(uint64_t num_bytes, uint8_t pool) {
  trace::Recorder& to = recorder();
  if (is_drafting()) {
    ++num_drafted_;
    const uint32_t storage = to.alloc(pool, num_bytes, category_);
    return new Allocation{shared_from_this(), num_bytes, memory::kNoBlock, storage, pool, draft_};
  }
  const memory::BlockId block = trace::is_host_pool(pool) ? memory::kNoBlock : memory_.malloc(num_bytes, pool);
  return new Allocation{shared_from_this(), num_bytes, block, to.alloc(pool, num_bytes, category_), pool};
}

void RankState::free(Allocation* allocation) {
  const std::shared_ptr<RankState> alive = std::move(allocation->rank);
  ++num_frees_;
  if (allocation->draft != 0) {
    if (allocation->draft == draft_) {
      --num_drafted_;
      recorder_.free(allocation->stream, allocation->storage, allocation->num_bytes);
    }
    delete allocation;
    return;
  }
  if (!allocation->is_on_host()) memory_.free(allocation->block);
  if (is_drafting()) {
    freed_in_draft_.push_back(
        {trace::NodeKind::free, allocation->stream, 0, allocation->storage, allocation->num_bytes});
  } else if (is_recording_ && !frees_are_silent_) {
    recorder_.free(allocation->stream, allocation->storage, allocation->num_bytes);
  }
  delete allocation;
}

void RankState::begin_draft() {
  TORCH_INTERNAL_ASSERT(!is_drafting());
  recorder().begin_draft();
  draft_ = ++num_drafts_;
  num_drafted_ = 0;
  draft_is_closed_ = true;
}

void RankState::end_draft() {
  recorder_.end_draft();
  draft_ = 0;
  for (const auto& node : freed_in_draft_) recorder_.free(node.stream, node.id, node.value);
  draft_is_closed_ = draft_is_closed_ && num_drafted_ == 0 && freed_in_draft_.empty();
  freed_in_draft_.clear();
}

bool RankState::is_usable(const Allocation& allocation) const {
  return allocation.draft == 0 || allocation.draft == draft_;
}

Allocation* RankState::adopt(memory::BlockId block, uint32_t storage, uint64_t num_bytes, uint8_t stream) {
  return new Allocation{shared_from_this(), num_bytes, block, storage, stream};
}

void RankState::keep_matmul_workspace() {
  if (is_drafting()) {
    draft_is_closed_ = draft_is_closed_ && has_matmul_workspace();
    return;
  }
  if (options_.matmul_workspace_bytes == 0 || std::exchange(has_matmul_workspace_[stream_], true)) return;
  memory_.malloc(options_.matmul_workspace_bytes, stream_);
  recorder().alloc(stream_, options_.matmul_workspace_bytes, recorder().intern_category(trace::kTemporary));
}

}  // namespace titan::sim
