#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/comm/communicator.h"
#include "runtime/platform/platform.h"
#include "runtime/unit/local_shard.h"

namespace titan::optim {

/// Names the first parameter, in the order of `shards` and then of ranks, that has a NaN or an infinity in its gradient
/// on any rank; nothing: all gradients are finite, or the platform has no values. `mesh` holds the communicators that
/// together connect all ranks; every rank must call this and gets the same answer. Reads the device many times: for a
/// run that is about to end. Names longer than 256 bytes are cut.
std::optional<std::string> first_non_finite(const std::vector<unit::LocalShard*>& shards,
                                            const std::vector<comm::Communicator*>& mesh, platform::Platform& platform);

}  // namespace titan::optim
