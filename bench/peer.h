#pragma once

#include <string>
#include <vector>

namespace titan::bench {

/// The label of a benchmark whose comparison is left out because peer_python() is empty.
inline constexpr const char* kNoPeer =
    "skipped: no peer environment (run `titan peer`, or name a python by TITAN_PEER)";

/// The python of the peer environment: TITAN_PEER, else build/peer/bin/python; empty where there is neither.
std::string peer_python();

/// Runs a script of the source tree in the peer environment and returns what it printed. Throws std::runtime_error if
/// it fails; its standard error goes to ours.
std::string run_peer(const std::string& script, const std::vector<std::string>& arguments);

}  // namespace titan::bench
