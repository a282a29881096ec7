#pragma once

#include <string>
#include <utility>

#include "runtime/comm/fake_communicator.h"

namespace titan::comm {

/// A group of one, on any device: no peers, real or imagined.
class SoloCommunicator final : public FakeCommunicator {
 public:
  explicit SoloCommunicator(std::string name) : FakeCommunicator(0, 1, std::move(name)) {}
};

}  // namespace titan::comm
