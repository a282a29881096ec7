#include "runtime/comm/thread_operation.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/comm/reduce_kernels.h"

namespace titan::comm {
namespace {

// Small enough to stay in the second-level cache between two passes, and to share a reduction among ranks.
constexpr int64_t kChunkBytes = 256 << 10;

std::byte* bytes_of(const at::Tensor& tensor) { return static_cast<std::byte*>(tensor.mutable_data_ptr()); }
const std::byte* input_of(const at::Tensor& tensor) { return static_cast<const std::byte*>(tensor.const_data_ptr()); }

int64_t sum_before(const std::vector<int64_t>& values, int end) {
  int64_t sum = 0;
  for (int i = 0; i < end; ++i) sum += values[i];
  return sum;
}

int64_t row_bytes(const Call& call) {
  int64_t bytes = static_cast<int64_t>(c10::elementSize(call.dtype));
  for (size_t d = 1; d < call.sizes.size(); ++d) bytes *= call.sizes[d];
  return bytes;
}

int64_t input_bytes(const Call& call) { return row_bytes(call) * (call.sizes.empty() ? 1 : call.sizes[0]); }

/// memcpy that allows the null pointers of empty tensors.
void copy_bytes(std::byte* to, const std::byte* from, int64_t bytes) {
  if (bytes > 0) std::memcpy(to, from, static_cast<size_t>(bytes));
}

void poison(std::byte* to, int64_t bytes, at::ScalarType dtype) {
  if (bytes > 0) std::memset(to, dtype == at::kBool ? 0x01 : 0xFF, static_cast<size_t>(bytes));
}

bool overlap(const at::Tensor& a, const at::Tensor& b) {
  const std::byte* a_begin = input_of(a);
  const std::byte* b_begin = input_of(b);
  return a_begin < b_begin + b.nbytes() && b_begin < a_begin + a.nbytes();
}

/// Copies and poisons chunk by chunk, so that the second write hits the cache.
Scratch copy_and_poison(ScratchPool& pool, const at::Tensor& tensor) {
  const int64_t num_bytes = static_cast<int64_t>(tensor.nbytes());
  Scratch copy = pool.borrow(num_bytes);
  for (int64_t begin = 0; begin < num_bytes; begin += kChunkBytes) {
    const int64_t count = std::min(kChunkBytes, num_bytes - begin);
    copy_bytes(copy.data() + begin, input_of(tensor) + begin, count);
    poison(bytes_of(tensor) + begin, count, tensor.scalar_type());
  }
  return copy;
}

Scratch copy_of(ScratchPool& pool, const at::Tensor& tensor) {
  Scratch copy = pool.borrow(static_cast<int64_t>(tensor.nbytes()));
  copy_bytes(copy.data(), input_of(tensor), static_cast<int64_t>(tensor.nbytes()));
  return copy;
}

/// How many ranks read a rank's input each for itself. Reductions have read all inputs before anyone's result is ready.
int num_reads(const Call& call, int rank, int size) {
  switch (call.kind) {
    case CallKind::all_gather:
    case CallKind::all_to_all:
      return size;
    case CallKind::broadcast:
      return rank == call.root ? size - 1 : 0;
    default:
      return 0;
  }
}

}  // namespace

Part make_part(ScratchPool& pool, Call call, const at::Tensor& input, const at::Tensor& output) {
  Part part{.call = std::move(call), .input = input, .output = output, .copy = {}};
  if (!output.defined()) return part;
  if (input.is_same(output)) {
    part.copy = copy_and_poison(pool, input);
    return part;
  }
  if (input.defined() && overlap(input, output)) part.copy = copy_of(pool, input);
  poison(bytes_of(output), static_cast<int64_t>(output.nbytes()), output.scalar_type());
  return part;
}

ThreadOperation::ThreadOperation(std::mutex& mutex, ScratchPool& pool, int size)
    : mutex_(mutex), pool_(pool), parts_(size) {}

void ThreadOperation::add(int rank, Part&& part) {
  Slot& slot = parts_[rank];
  slot.part = std::move(part);
  slot.added = true;
  slot.num_unread = num_reads(slot.part.call, rank, size());
  if (slot.part.copy) {
    slot.data = slot.part.copy.data();
  } else if (slot.part.input.defined()) {
    slot.data = input_of(slot.part.input);
  }
  if (++num_added_ == size()) changed_.notify_all();
}

void ThreadOperation::take_result(int rank) {
  switch (call(rank).kind) {
    case CallKind::barrier:
      return;
    case CallKind::all_gather:
      gather(rank);
      break;
    case CallKind::all_to_all:
      exchange(rank);
      break;
    case CallKind::broadcast:
      receive(rank);
      break;
    case CallKind::all_reduce:
    case CallKind::reduce_scatter:
      reduce_together();
      copy_reduced(rank);
      break;
  }
  release_input(rank);
}

void ThreadOperation::gather(int rank) {
  std::byte* full = bytes_of(parts_[rank].part.output);
  const int64_t shard_bytes = static_cast<int64_t>(parts_[rank].part.output.nbytes()) / size();
  for (int i = 0; i < size(); ++i) {
    const int owner = (rank + i) % size();  // every rank starts elsewhere
    read(owner, 0, full + owner * shard_bytes, shard_bytes);
  }
}

void ThreadOperation::exchange(int rank) {
  const Call& mine = call(rank);
  std::byte* recv = bytes_of(parts_[rank].part.output);
  const int64_t bytes_per_row = row_bytes(mine);
  for (int i = 0; i < size(); ++i) {
    const int owner = (rank + i) % size();
    read(owner, sum_before(call(owner).send_splits, rank) * bytes_per_row,
         recv + sum_before(mine.recv_splits, owner) * bytes_per_row, mine.recv_splits[owner] * bytes_per_row);
  }
}

void ThreadOperation::receive(int rank) {
  const int root = call(rank).root;
  if (rank == root) return;
  const at::Tensor& output = parts_[rank].part.output;
  read(root, 0, bytes_of(output), static_cast<int64_t>(output.nbytes()));
}

void ThreadOperation::read(int owner, int64_t offset, std::byte* to, int64_t bytes) {
  Slot& slot = parts_[owner];
  std::unique_lock lock(mutex_);
  const std::byte* from = slot.data;
  const bool original = !slot.part.copy;
  if (original) ++slot.num_readers;
  lock.unlock();
  copy_bytes(to, from + offset, bytes);
  lock.lock();
  --slot.num_unread;
  if (original && --slot.num_readers == 0) changed_.notify_all();
  Scratch unneeded;
  if (slot.num_unread == 0) unneeded = std::move(slot.part.copy);
  lock.unlock();
}

void ThreadOperation::release_input(int rank) {
  Slot& slot = parts_[rank];
  Scratch copy;
  std::unique_lock lock(mutex_);
  if (!slot.part.copy && slot.num_unread > slot.num_readers) {
    lock.unlock();
    copy = copy_of(pool_, slot.part.input);
    lock.lock();
    if (slot.num_unread > slot.num_readers) {
      slot.data = copy.data();
      slot.part.copy = std::move(copy);
    }
  }
  changed_.wait(lock, [&] { return slot.num_readers == 0; });
  const at::Tensor input = std::move(slot.part.input);
  const at::Tensor output = std::move(slot.part.output);
  lock.unlock();
}

void ThreadOperation::reduce_together() {
  std::unique_lock lock(mutex_);
  if (!reduced_) start_reduction();
  while (next_chunk_ < num_chunks_) {
    const int64_t chunk = next_chunk_++;
    lock.unlock();
    reduce_chunk(chunk);
    lock.lock();
    if (++num_reduced_ == num_chunks_) end_reduction();
  }
  changed_.wait(lock, [&] { return num_reduced_ == num_chunks_; });
}

void ThreadOperation::start_reduction() {
  const int64_t num_bytes = input_bytes(call(0));
  if (call(0).kind == CallKind::reduce_scatter) reduced_buffer_ = pool_.borrow(num_bytes);
  reduced_ = reduced_buffer_ ? reduced_buffer_.data() : parts_[0].part.copy.data();
  num_chunks_ = (num_bytes + kChunkBytes - 1) / kChunkBytes;
}

void ThreadOperation::end_reduction() {
  for (Slot& slot : parts_) {
    if (slot.part.copy.data() != reduced_) slot.part.copy.release();
  }
  changed_.notify_all();
}

void ThreadOperation::reduce_chunk(int64_t chunk) {
  const Call& what = call(0);
  const int64_t element_bytes = static_cast<int64_t>(c10::elementSize(what.dtype));
  const int64_t begin = chunk * kChunkBytes;
  const int64_t count = std::min(kChunkBytes, input_bytes(what) - begin);
  std::vector<const void*> inputs;
  inputs.reserve(parts_.size());
  for (const Slot& slot : parts_) inputs.push_back(slot.data + begin);
  reduce(what.dtype, what.op, inputs, reduced_ + begin, count / element_bytes);
}

void ThreadOperation::copy_reduced(int rank) {
  const at::Tensor& output = parts_[rank].part.output;
  const int64_t num_bytes = static_cast<int64_t>(output.nbytes());
  const int64_t offset = call(rank).kind == CallKind::reduce_scatter ? rank * num_bytes : 0;
  copy_bytes(bytes_of(output), reduced_ + offset, num_bytes);
}

}  // namespace titan::comm
