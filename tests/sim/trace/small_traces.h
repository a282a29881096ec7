#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/platform/stream.h"
#include "sim/trace/recorder.h"

namespace titan::trace {

inline constexpr uint8_t kCompute = static_cast<uint8_t>(platform::StreamRole::compute);
inline constexpr uint8_t kGather = static_cast<uint8_t>(platform::StreamRole::all_gather);
inline constexpr uint8_t kScatter = static_cast<uint8_t>(platform::StreamRole::reduce_scatter);
inline constexpr uint8_t kP2p = static_cast<uint8_t>(platform::StreamRole::p2p);

inline Argument reads(uint32_t storage) { return {storage, Argument::Access::read}; }
inline Argument writes(uint32_t storage) { return {storage, Argument::Access::write}; }
inline Argument reads_and_writes(uint32_t storage) { return {storage, Argument::Access::read_write}; }

/// A recorder with one-line forms of what tests write again and again.
class SmallRecorder : public Recorder {
 public:
  explicit SmallRecorder(int32_t rank = 0, int32_t world_size = 8) : Recorder(rank, world_size) {}

  void work(uint8_t stream, std::string name, std::initializer_list<Argument> arguments = {}) {
    op(stream, intern(OpDescriptor{.name = std::move(name), .dtype = "bfloat16"}), list(arguments));
  }
  void collect(uint8_t stream, CollectiveKind kind, std::string group, std::vector<int32_t> ranks, double bytes = 0.0,
               std::initializer_list<Argument> arguments = {}) {
    const uint32_t number = intern(Group{std::move(group), std::move(ranks)});
    collective(stream, intern(CollectiveDescriptor{kind, number, "bfloat16", bytes}), list(arguments));
  }
  uint32_t transfer_to(std::vector<int32_t> ranks, int32_t peer, double bytes = 0.0) {
    const uint32_t number = intern(Group{"pp", std::move(ranks)});
    return intern(TransferDescriptor{number, peer, bytes});
  }

 private:
  static std::span<const Argument> list(std::initializer_list<Argument> arguments) {
    return {arguments.begin(), arguments.size()};
  }
};

/// One unit of a sharded forward pass: gathers a weight, multiplies with it, frees it; then a transfer and a host read.
inline Trace small_step() {
  SmallRecorder r(1, 4);
  const uint32_t shard = r.alloc(kCompute, 64), x = r.alloc(kCompute, 64);
  r.work(kCompute, "aten::fill_", {writes(shard)});
  r.work(kCompute, "aten::fill_", {writes(x)});
  r.begin_scope("step");
  r.begin_scope("layers.0");
  const uint32_t full = r.alloc(kGather, 128, r.intern_category("gathered weights"));
  r.wait_event(kGather, r.record_event(kCompute));
  r.collect(kGather, CollectiveKind::all_gather, "fsdp", {0, 1}, 128, {reads(shard), writes(full)});
  r.wait_event(kCompute, r.record_event(kGather));
  const uint32_t y = r.alloc(kCompute, 128);
  const uint32_t mm = r.intern(OpDescriptor{.name = "aten::mm",
                                            .dtype = "bfloat16",
                                            .inputs = {{4, 8}, {8, 8}},
                                            .outputs = {{4, 8}},
                                            .op_class = OpClass::matmul,
                                            .extents = {1, 4, 8, 8},
                                            .flops = 512,
                                            .bytes_read = 192,
                                            .bytes_written = 64});
  const std::vector<Argument> product{reads(x), reads(full), writes(y)};
  r.op(kCompute, mm, product);
  r.wait_event(kGather, r.record_event(kCompute));
  r.free(kGather, full, 128);
  r.end_scope();
  r.wait_event(kP2p, r.record_event(kCompute));
  r.begin_batch(kP2p);
  const std::vector<Argument> sent{reads(y)}, received{writes(x)};
  r.send(kP2p, r.transfer_to({1, 3}, 3, 128), sent);
  r.recv(kP2p, r.transfer_to({1, 3}, 3, 64), received);
  r.end_batch(kP2p);
  r.host_sync(kCompute);
  r.host_wait(r.record_event(kP2p));
  r.free(kCompute, y, 128);
  r.end_scope();
  return r.take();
}

}  // namespace titan::trace
