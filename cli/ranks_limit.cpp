#include "cli/ranks_limit.h"

#include <algorithm>

#include "runtime/config/config_error.h"
#include "runtime/platform/host_memory.h"

namespace titan::cli {
namespace {

constexpr int64_t kMostRanks = 4096;

}  // namespace

void check_ranks(const std::string& where, int64_t count, const RankKind& kind, int64_t memory_bytes) {
  const int64_t fitting = std::max<int64_t>(1, memory_bytes / kind.rank_bytes);
  if (count <= std::min(fitting, kMostRanks)) return;
  const std::string most = "at most " + std::to_string(std::min(fitting, kMostRanks)) + " ranks run " + kind.words;
  const std::string because = ": each takes " + std::to_string(kind.rank_bytes >> 20) +
                              " MiB or more, this machine has " + std::to_string(memory_bytes >> 30) + " GiB";
  throw config::ConfigError(where, most + (fitting < kMostRanks ? because : "") + "; found " + std::to_string(count));
}

void check_ranks(const std::string& where, int64_t count, const RankKind& kind) {
  check_ranks(where, count, kind, platform::host_memory_bytes());
}

}  // namespace titan::cli
