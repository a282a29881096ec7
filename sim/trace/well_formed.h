#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/trace/trace.h"

namespace titan::trace {

/// Checks a trace's structure, node by node: every number names something that exists, storages are alive when touched,
/// events are recorded before they are waited for, scopes and batches close. What passes is safe to replay, write and
/// print. The trace must outlive it.
class WellFormed {
 public:
  explicit WellFormed(const Trace& trace) : trace_(trace) {}

  /// What is wrong with the tables of descriptors, groups and ranks.
  std::optional<std::string> tables() const;
  /// What is wrong with the next node, whose arguments are in the pool.
  std::optional<std::string> next(const Node& node);
  /// What is wrong with the trace ending here.
  std::optional<std::string> end() const;

 private:
  struct Storage {
    uint64_t num_bytes;
    uint8_t stream;
    bool is_alive;
  };
  using Fault = std::optional<std::string>;

  Fault work(const Node& node, size_t num_descriptors);
  Fault places(const Node& node) const;
  Fault transfer(const Node& node);
  Fault batch(const Node& node);
  Fault memory(const Node& node);
  Fault event(const Node& node);
  Fault scope(const Node& node);

  const Trace& trace_;
  std::vector<Storage> storages_;
  uint64_t num_arguments_ = 0;
  uint32_t num_events_ = 0;
  uint32_t depth_ = 0;
  std::optional<uint8_t> batch_;  // stream of the open one
};

/// The first fault of a whole trace: "node 12: storage s7 is not alive". None if it is well formed.
std::optional<std::string> find_fault(const Trace& trace);

}  // namespace titan::trace
