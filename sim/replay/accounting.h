#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/replay/replay.h"
#include "sim/replay/time.h"

namespace titan::replay {

/// A set of streams, one bit each.
using StreamSet = uint32_t;
inline constexpr StreamSet one_stream(uint8_t stream) { return StreamSet{1} << stream; }
inline uint8_t first_stream(StreamSet streams) { return static_cast<uint8_t>(std::countr_zero(streams)); }

/// Sorts the time of one role's device into what it is spent on, step by step. The device's time only goes forward.
class Accounting {
 public:
  /// `work_of_step` as in Extent. The trace must outlive it.
  Accounting(const trace::Trace& trace, const std::vector<size_t>& work_of_step);

  /// Device time up to which all is accounted.
  Picoseconds now() const { return now_; }

  /// The device stays as it is until `time`. If it is idle until then, `arrival` is when this role has done its part
  /// for what ends that: the rest is waiting for peers.
  void pass_until(Picoseconds time, Picoseconds arrival);
  void pass_until(Picoseconds time) { pass_until(time, time); }

  /// An operation on the device that nothing else runs beside, from `start` to `end`.
  void pass_op(uint8_t stream, trace::OpClass op_class, Picoseconds start, Picoseconds end) {
    if (start > now_ || now_ < begin_ || communicating_ || op_class >= trace::OpClass::copy) {
      pass_until(start);
      begin_op(stream, op_class);
      pass_until(end);
      end_op(stream);
      return;
    }
    parts_.by_class[static_cast<size_t>(op_class)] += end - now_;
    now_ = end;
  }

  void begin_op(uint8_t stream, trace::OpClass op_class) {
    class_of_[stream] = op_class;
    streams_of(op_class) |= one_stream(stream);
  }
  void end_op(uint8_t stream) { streams_of(class_of_[stream]) &= ~one_stream(stream); }
  void begin_communication(uint8_t stream, uint32_t group) {
    group_of_[stream] = group;
    communicating_ |= one_stream(stream);
  }
  void end_communication(uint8_t stream) { communicating_ &= ~one_stream(stream); }

  /// The host opens the next top-level scope, and leaves it after having issued for so long.
  void open_step(uint32_t name, Picoseconds host_time);
  void leave_step(Picoseconds issuing) { steps_.back().host = issuing; }
  /// A piece of device work of `step` ends now.
  void finish(size_t step) {
    if (--work_left_[step] == 0) [[unlikely]]
      close_steps();
  }

  void add_evidence(Evidence evidence, Picoseconds duration) { evidence_[static_cast<size_t>(evidence)] += duration; }

  /// Fills all but the timeline and the end. All work is finished.
  RoleTimes take();

 private:
  struct Parts {
    std::array<Picoseconds, trace::kNumComputeClasses> by_class = {};
    Picoseconds communication = 0, exposed = 0, idle = 0, host_bound = 0, waiting = 0, host_work = 0;
  };
  struct Step {
    uint32_t name = 0;
    Picoseconds host = 0;  // issuing
    bool has_work = false;
  };

  StreamSet& streams_of(trace::OpClass op_class) {
    if (op_class == trace::OpClass::copy) return copying_;
    return op_class == trace::OpClass::host ? host_working_ : computing_;
  }
  void pass_idle(Picoseconds from, Picoseconds time, Picoseconds arrival);
  void close_steps();
  Breakdown take_parts();

  const trace::Trace& trace_;
  Picoseconds now_ = 0;
  Picoseconds begin_ = kNever;  // of the first step, then of the one that is not finished
  StreamSet computing_ = 0, communicating_ = 0, copying_ = 0, host_working_ = 0;
  std::array<trace::OpClass, trace::kMaxStreams> class_of_ = {};
  std::array<uint32_t, trace::kMaxStreams> group_of_ = {};  // in the trace's table

  Parts parts_;
  std::vector<std::string> group_names_;      // distinct, and kHostLink
  std::vector<uint32_t> name_of_group_;       // trace's group -> in group_names_
  std::vector<Picoseconds> exposed_by_name_;  // like group_names_

  std::vector<size_t> work_left_;  // by number of step
  std::vector<Step> steps_;
  std::vector<StepTime> done_;
  std::array<Picoseconds, kNumEvidences> evidence_ = {};
};

}  // namespace titan::replay
