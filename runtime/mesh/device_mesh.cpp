#include "runtime/mesh/device_mesh.h"

#include <c10/util/Exception.h>

namespace titan::mesh {

DeviceMesh::DeviceMesh(platform::Platform& platform,
                       const std::vector<std::pair<std::string, std::vector<int>>>& axes) {
  for (const auto& [name, ranks] : axes) {
    TORCH_CHECK(!has(name), "DeviceMesh: axis names must differ: axis=", name);
    axes_.emplace_back(name, platform.make_communicator(ranks, name));
  }
}

comm::Communicator& DeviceMesh::get(std::string_view axis) const {
  comm::Communicator* found = find(axis);
  if (found) return *found;
  std::string known;
  for (const auto& [name, communicator] : axes_) known += (known.empty() ? "" : ", ") + name;
  TORCH_CHECK(false, "DeviceMesh: unknown axis: axis=", axis, " known=[", known, "]");
}

void DeviceMesh::abort(const std::string& reason) {
  for (const auto& [name, communicator] : axes_) communicator->abort(reason);
}

comm::Communicator* DeviceMesh::find(std::string_view axis) const {
  for (const auto& [name, communicator] : axes_) {
    if (name == axis) return communicator.get();
  }
  return nullptr;
}

}  // namespace titan::mesh
