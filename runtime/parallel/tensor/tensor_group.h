#pragma once

#include "runtime/comm/communicator.h"
#include "runtime/platform/stream.h"

namespace titan::parallel {

/// The ranks that share a model's layers, as one of them sees them. `comm` must outlive every module it is applied to.
struct TensorGroup {
  comm::Communicator& comm;
  platform::Stream stream;  // of the compute between which its collectives run
};

}  // namespace titan::parallel
