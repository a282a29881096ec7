#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/device/op_call.h"
#include "sim/trace/descriptor.h"

namespace titan::sim {

/// What is known of one operator besides its schema. A null rule means: shapes from LibTorch's Meta kernel; priced by
/// the bytes of its arguments, each once, and an operation per element; no workspace.
struct Operator {
  /// Shapes of the new tensors that it returns.
  std::vector<TensorLayout> (*shapes)(const OpCall& call) = nullptr;
  /// Corrects class, extents, FLOPs and bytes of a descriptor filled by the defaults.
  void (*price)(const OpCall& call, trace::OpDescriptor& op) = nullptr;
  /// Bytes of the tensors that a CUDA kernel allocates and frees while it runs, in that order.
  std::vector<uint64_t> (*workspace)(const OpCall& call) = nullptr;

  bool is_matmul = false;            // runs in cuBLAS, which keeps memory per stream
  bool overwrites = false;           // what its schema says it mutates, it writes without reading
  bool copies = false;               // from argument 1 to argument 0, which may be in different memories
  uint64_t unwritten_arguments = 0;  // bit i: argument i is mutable by schema, but is only read
};

/// Finds an operator by its name without overload; the defaults where nothing is known.
const Operator& find_operator_rules(std::string_view name);

}  // namespace titan::sim
