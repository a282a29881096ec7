#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "sim/platform/external.h"
#include "sim/trace/node.h"

namespace titan::sim {

/// A call that no template can stand for; it has to be executed.
struct NoTemplate : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A storage as a template names it.
class Reference {
 public:
  enum class Kind : uint32_t {
    own,       // the n-th allocation of this call
    external,  // the n-th of the call's externals: [inputs, output gradients,] parameters, buffers[, gradient cells]
    forward,   // the n-th allocation of the forward that this backward belongs to
  };

  Reference() = default;
  Reference(Kind kind, uint32_t n) : bits_(static_cast<uint32_t>(kind) << 30 | n) {}
  static Reference of_bits(uint32_t bits) {
    Reference reference;
    reference.bits_ = bits;
    return reference;
  }

  Kind kind() const { return static_cast<Kind>(bits_ >> 30); }
  uint32_t n() const { return bits_ & ((1u << 30) - 1); }
  uint32_t bits() const { return bits_; }
  bool operator==(const Reference&) const = default;

 private:
  uint32_t bits_ = 0;
};

/// A tensor that a call leaves behind.
struct LeftTensor {
  bool is_defined = false;
  bool has_storage = false;
  Reference storage;
  at::ScalarType dtype = at::kFloat;
  std::vector<int64_t> sizes, strides;
  int64_t offset = 0;

  bool operator==(const LeftTensor&) const = default;
};

/// Where to find what in a template's nodes, and what instances fill in at once.
struct TemplateIndex {
  std::vector<uint32_t> allocs, frees, events, with_arguments;  // nodes
  std::vector<uint32_t> memory;                                 // allocs and frees in order
  uint32_t num_events = 0;                                      // recorded

  /// Storages in a row: the call's own, then those of its forward, then externals.
  static uint32_t slot(Reference storage, size_t num_own, size_t num_forward) {
    switch (storage.kind()) {
      case Reference::Kind::own:
        return storage.n();
      case Reference::Kind::forward:
        return static_cast<uint32_t>(num_own + storage.n());
      case Reference::Kind::external:
        return static_cast<uint32_t>(num_own + num_forward + storage.n());
    }
    return 0;
  }
  std::vector<trace::Argument> arguments;  // by slot in place of storage

  bool operator==(const TemplateIndex&) const = default;
};

/// What one call of a unit records, independent of the numbers that its storages and events have. A value.
struct UnitTemplate {
  struct Use {
    Reference storage;
    trace::Argument::Access access = trace::Argument::Access::read;
    bool operator==(const Use&) const = default;
  };
  struct Own {
    uint64_t num_bytes = 0;
    uint8_t stream = 0;
    bool operator==(const Own&) const = default;
  };

  std::vector<trace::Node>
      nodes;              // ids of allocs and frees are References, those of events count from the call's first
  std::vector<Use> uses;  // pool of the nodes' arguments
  std::vector<Own> own;   // allocations
  std::vector<LeftTensor> results;
  std::vector<std::pair<size_t, LeftTensor>> cells;  // backward: gradient cells that are set, by parameter

  // Of a forward.
  std::vector<External> inputs;
  std::vector<bool> keeps_input;  // by input; where several share a storage the first stands for them
  std::vector<uint32_t> saved;    // allocations that only backward needs
  std::vector<uint32_t> shared;   // results that backward needs too

  TemplateIndex index;  // of the above

  /// Fills the index. `num_forward`: allocations of the forward that this backward belongs to.
  void make_index(size_t num_forward);

  bool operator==(const UnitTemplate&) const = default;
};

}  // namespace titan::sim
