#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/comm/communicator.h"
#include "runtime/platform/platform.h"

namespace titan::mesh {

/// The mesh as one rank sees it: a communicator with its group along every axis.
class DeviceMesh {
 public:
  /// `axes`: name and global ranks of the caller's group, ascending. Every rank must list the same axes in the same
  /// order.
  DeviceMesh(platform::Platform& platform, const std::vector<std::pair<std::string, std::vector<int>>>& axes);

  /// Each throws c10::Error naming the known axes if there is none of that name.
  comm::Communicator& get(std::string_view axis) const;
  int size(std::string_view axis) const { return get(axis).size(); }
  int rank(std::string_view axis) const { return get(axis).rank(); }
  bool has(std::string_view axis) const { return find(axis) != nullptr; }

  /// Ends the operations of all axes (comm::Communicator::abort).
  void abort(const std::string& reason);

 private:
  comm::Communicator* find(std::string_view axis) const;

  std::vector<std::pair<std::string, std::unique_ptr<comm::Communicator>>> axes_;
};

}  // namespace titan::mesh
