#pragma once

#include <c10/core/Device.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/device/device_options.h"
#include "sim/memory/caching_allocator.h"
#include "sim/trace/recorder.h"

namespace titan::sim {

class CallTable;

/// One storage of a simulated rank. Lives in the context of the storage's DataPtr, so that whoever frees it, and
/// whenever, the free is its rank's.
struct Allocation;

/// One simulated rank: the trace that it records and the memory that it holds. Lives until its last storage is freed.
/// Used by one thread at a time.
class RankState : public std::enable_shared_from_this<RankState> {
 public:
  RankState(const DeviceOptions& options, int32_t rank, int32_t world_size);
  ~RankState();
  RankState(const RankState&) = delete;
  RankState& operator=(const RankState&) = delete;

  const DeviceOptions& options() const { return options_; }
  int32_t rank() const { return recorder_.trace().rank; }

  /// Throws c10::Error once recording has ended.
  trace::Recorder& recorder();
  bool is_recording() const { return is_recording_; }
  /// Ends recording and hands the trace out. Storages may still be freed, and are not recorded any more.
  trace::Trace end_recording();

  /// The stream that operators run on.
  uint8_t stream() const { return stream_; }
  void set_stream(uint8_t stream);

  /// What storages allocated from now on are for: a number of Recorder::intern_category.
  uint16_t category() const { return category_; }
  void set_category(uint16_t category) { category_ = category; }

  /// Records storage of `num_bytes` > 0 of the current stream's pool. Throws memory::OutOfMemoryError.
  Allocation* allocate(uint64_t num_bytes) { return allocate(num_bytes, stream_); }
  /// The same of host memory, which has no end and no allocator.
  Allocation* allocate_on_host(uint64_t num_bytes, bool pinned) {
    return allocate(num_bytes, pinned ? trace::kPinnedPool : trace::kHostStream);
  }
  void free(Allocation* allocation);
  /// Storages freed so far.
  int64_t num_frees() const { return num_frees_; }
  /// What the first matrix product on the current stream allocates for good.
  void keep_matmul_workspace();

  /// From here to end_draft everything is recorded aside and no memory is taken (Recorder::begin_draft).
  void begin_draft();
  /// Forgets the draft.
  void end_draft();
  /// False if the last draft went beyond itself: storages of it are alive, or others were freed in it, or it needed
  /// what is kept for good.
  bool last_draft_was_closed() const { return draft_is_closed_; }
  bool is_drafting() const { return draft_ != 0; }
  /// Tells whether the storage may be used now: those of a draft end with it.
  bool is_usable(const Allocation& allocation) const;

  /// Gives an object to a storage that was recorded without one.
  Allocation* adopt(memory::BlockId block, uint32_t storage, uint64_t num_bytes, uint8_t stream);
  bool has_matmul_workspace() const { return options_.matmul_workspace_bytes == 0 || has_matmul_workspace_[stream_]; }

  /// Between the two storages are freed without a node: whoever calls them has recorded it.
  void begin_silent_frees() { frees_are_silent_ = true; }
  void end_silent_frees() { frees_are_silent_ = false; }

  memory::CachingAllocator& memory() { return memory_; }
  CallTable& calls() { return *calls_; }

 private:
  Allocation* allocate(uint64_t num_bytes, uint8_t pool);

  DeviceOptions options_;
  trace::Recorder recorder_;
  bool is_recording_ = true;
  uint8_t stream_ = 0;
  uint16_t category_ = 0;
  memory::CompletedEvents events_;
  memory::CachingAllocator memory_;
  std::unique_ptr<CallTable> calls_;
  std::array<bool, trace::kMaxStreams> has_matmul_workspace_ = {};
  uint32_t draft_ = 0;  // number of the one under way
  uint32_t num_drafts_ = 0;
  int64_t num_drafted_ = 0;  // storages of it that are alive
  bool draft_is_closed_ = true;
  bool frees_are_silent_ = false;
  int64_t num_frees_ = 0;
  std::vector<trace::Node> freed_in_draft_;
};

struct Allocation {
  std::shared_ptr<RankState> rank;
  uint64_t num_bytes;
  memory::BlockId block;
  uint32_t storage;  // its number in the trace
  uint8_t stream;
  uint32_t draft = 0;  // that it belongs to; 0: it is real

  bool is_on_host() const { return trace::is_host_pool(stream); }
};

}  // namespace titan::sim
