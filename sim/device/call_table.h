#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/device/operators.h"
#include "sim/device/tensor_layout.h"

namespace c10 {
struct FunctionSchema;
}

namespace titan::sim {

/// What the schema of one overload says, in the form that a call needs.
struct KnownOperator {
  enum class Access : uint8_t { read, write, read_write };
  struct Return {
    int alias = -1;        // the argument that it is; -1: new
    bool is_list = false;  // of new tensors
  };

  explicit KnownOperator(const c10::FunctionSchema& schema, uint32_t number);

  const Operator& rules;
  std::string name;       // without overload
  std::string full_name;  // with it
  uint32_t number;        // in the table
  size_t num_arguments;
  std::vector<Access> access;  // by argument
  std::vector<bool> is_out;    // by argument: may be given another shape
  std::vector<Return> returns;
  bool returns_views = false;
  bool has_out = false;
  bool is_in_place = false;  // nothing new is returned and no shape changes
};

/// What one call of an operator with certain shapes does. Every call with the same signature does the same.
struct KnownCall {
  uint32_t descriptor = 0;                // in the rank's trace
  std::vector<TensorLayout> results;      // the new tensors
  std::vector<uint64_t> result_bytes;     // of their storages
  std::vector<uint64_t> workspaces;       // bytes
  std::vector<TensorLayout> out_layouts;  // of the `out` arguments, in their order
};

/// Numbers that determine what a call does besides values: operator, element types, shapes, strides, scalars.
using Signature = std::vector<int64_t>;

/// The operators and calls that one rank has seen.
class CallTable {
 public:
  const KnownOperator& find_operator(const c10::FunctionSchema& schema);

  /// Null if it is new.
  const KnownCall* find(const Signature& signature) const;
  const KnownCall& add(const Signature& signature, KnownCall&& call);

  Signature& scratch() { return scratch_; }

 private:
  struct Hash {
    size_t operator()(const Signature& signature) const;
  };

  std::unordered_map<const c10::FunctionSchema*, std::unique_ptr<KnownOperator>> operators_;
  std::unordered_map<Signature, KnownCall, Hash> calls_;
  Signature scratch_;
};

/// Appends what `call` depends on of the arguments. Throws c10::Error naming the operator for an argument of a kind
/// that is not understood.
void append_signature(const KnownOperator& op, c10::ArrayRef<c10::IValue> arguments, Signature& signature);

}  // namespace titan::sim
