#pragma once

#include <ATen/core/Tensor.h>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

#include "runtime/comm/call.h"
#include "runtime/comm/scratch_pool.h"

namespace titan::comm {

/// What one rank brings to an operation and takes from it.
struct Part {
  Call call;
  at::Tensor input;   // read by peers until each has read it, or `copy` has replaced it
  at::Tensor output;  // written by the owner alone, when it waits
  Scratch copy;       // the input's bytes, where the caller's memory does not keep them
};

/// Makes the part of a call: copies the input if the output covers it and fills the output with 0xFF bytes, which is
/// NaN in every floating type (1 for bool), until the result is taken.
Part make_part(ScratchPool& pool, Call call, const at::Tensor& input, const at::Tensor& output);

/// One collective operation among threads. Each rank adds its part without blocking and takes its result once all parts
/// are there. Taking needs no peer's help: a rank copies from the peers' parts itself, and reductions are cut into
/// chunks that whoever waits works on, so ranks may wait for operations in any order.
class ThreadOperation {
 public:
  /// `mutex` guards the state of all operations of a world; `pool` lends buffers. Both must outlive the operation.
  ThreadOperation(std::mutex& mutex, ScratchPool& pool, int size);

  // With the mutex held.
  void add(int rank, Part&& part);
  bool has(int rank) const { return parts_[rank].added; }
  bool complete() const { return num_added_ == static_cast<int>(parts_.size()); }
  const Call& call(int rank) const { return parts_[rank].part.call; }
  std::condition_variable& changed() { return changed_; }

  // Without the mutex. Needs complete(); once per rank.
  /// Writes this rank's result into its output. From then on the caller may write its input, whoever has not read it
  /// yet.
  void take_result(int rank);

 private:
  struct Slot {
    Part part;
    const std::byte* data = nullptr;  // what peers read: the input's memory or the copy
    bool added = false;
    int num_unread = 0;   // ranks that will read or are reading
    int num_readers = 0;  // ranks that are reading the caller's memory
  };

  int size() const { return static_cast<int>(parts_.size()); }
  void gather(int rank);
  void exchange(int rank);
  void receive(int rank);
  void read(int owner, int64_t offset, std::byte* to, int64_t bytes);
  void release_input(int rank);

  void reduce_together();
  void start_reduction();
  void end_reduction();
  void reduce_chunk(int64_t chunk);
  void copy_reduced(int rank);

  std::mutex& mutex_;
  ScratchPool& pool_;
  std::condition_variable changed_;
  std::vector<Slot> parts_;
  int num_added_ = 0;

  Scratch reduced_buffer_;  // reduce_scatter; all_reduce writes over rank 0's copy
  std::byte* reduced_ = nullptr;
  int64_t num_chunks_ = 0;
  int64_t next_chunk_ = 0;
  int64_t num_reduced_ = 0;
};

}  // namespace titan::comm
