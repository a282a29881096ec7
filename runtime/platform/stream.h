#pragma once

#include <cstdint>
#include <memory>

namespace titan::platform {

/// What a queue of device work is for. One stream per role and rank; a platform may map several roles to one queue.
enum class StreamRole { compute, all_gather_copy_in, all_gather, reduce_scatter, all_reduce, p2p };
inline constexpr int kNumStreamRoles = 6;

/// Names one in-order queue of device work. A cheap value; on a CPU every stream is the calling thread itself.
struct Stream {
  StreamRole role = StreamRole::compute;
  int64_t id = 0;  // the device's own number (c10::StreamId where the device has streams)

  bool operator==(const Stream&) const = default;
};

/// A point in a stream that other streams or the host can wait for.
class EventImpl {
 public:
  virtual ~EventImpl() = default;
  /// Makes work enqueued on `stream` from now on wait for this point. Returns at once.
  virtual void block(const Stream& stream) = 0;
  /// Blocks the host until this point is reached.
  virtual void synchronize() = 0;
};
using Event = std::shared_ptr<EventImpl>;

}  // namespace titan::platform
