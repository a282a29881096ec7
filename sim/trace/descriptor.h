#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace titan::trace {

/// How a device operation is priced.
enum class OpClass : uint8_t {
  matmul,     // extents: batch, M, N, K
  attention,  // extents: batch, query heads, key heads, queries, keys, head size; forward or backward by name
  memory,     // bounded by bytes moved: element-wise, reductions, copies, casts, gathers
  tiny,       // bounded by its launch: scalars
  copy,       // between device and host memory: bounded by the link, on an engine of its own
  host,       // on kHostStream: bounded by the bandwidth of host memory
};
inline constexpr int kNumOpClasses = 6;
inline constexpr int kNumComputeClasses = 4;  // the first: work of the device's multiprocessors

/// One distinct device operation: name, element type, shapes. Interned; nodes refer to it by number.
struct OpDescriptor {
  std::string name;                           // "aten::mm", "titan::attention_backward"
  std::string dtype;                          // of what it computes in: "bfloat16"
  std::vector<std::vector<int64_t>> inputs;   // shapes
  std::vector<std::vector<int64_t>> outputs;  // shapes; for an in-place operation those it writes
  OpClass op_class = OpClass::memory;
  std::array<int64_t, 6> extents = {};  // by class; causal attention has its own flag
  bool is_causal = false;
  double flops = 0.0;          // exact for matmul and attention (causal: half), else operations on elements
  double bytes_read = 0.0;     // from memory, each input once
  double bytes_written = 0.0;  // each output once

  bool operator==(const OpDescriptor&) const = default;
};

enum class CollectiveKind : uint8_t { all_reduce, all_gather, reduce_scatter, all_to_all, broadcast, barrier };
inline constexpr int kNumCollectiveKinds = 6;

/// The ranks of one communicator, as one of them knows it. Two communicators of a rank differ in name or in ranks.
struct Group {
  std::string name;            // mesh axis: "fsdp"
  std::vector<int32_t> ranks;  // global, in order of the group's ranks

  bool operator==(const Group&) const = default;
};

/// One distinct collective operation.
struct CollectiveDescriptor {
  CollectiveKind kind = CollectiveKind::all_reduce;
  uint32_t group = 0;  // in the trace's table
  std::string dtype;   // on the wire
  double bytes = 0.0;  // of the whole: all_reduce and broadcast the tensor, all_gather the full result, reduce_scatter
                       // the full input, all_to_all what this rank sends
  bool operator==(const CollectiveDescriptor&) const = default;
};

/// One distinct point-to-point transfer.
struct TransferDescriptor {
  uint32_t group = 0;
  int32_t peer = 0;  // global rank
  double bytes = 0.0;

  bool operator==(const TransferDescriptor&) const = default;
};

}  // namespace titan::trace
