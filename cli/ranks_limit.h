#pragma once

#include <cstdint>
#include <string>

namespace titan::cli {

/// How the ranks of this machine run, and what the smallest shipped model was measured to take at least.
struct RankKind {
  const char* words;   // "as threads of one process"
  int64_t rank_bytes;  // of each
};

inline constexpr RankKind kTrainingThreads{"as threads of one process", int64_t{32} << 20};  // 34 MB at 512 ranks
inline constexpr RankKind kComparedThreads{"beside a reference in one process", int64_t{64} << 20};  // 68 MB at 128
inline constexpr RankKind kTrainingProcesses{"as processes of this machine", int64_t{64} << 20};

/// Refuses more ranks than `memory_bytes` hold, or than one machine runs at all. `where` gives their number. Throws
/// ConfigError.
void check_ranks(const std::string& where, int64_t count, const RankKind& kind, int64_t memory_bytes);

/// The same for this machine's memory.
void check_ranks(const std::string& where, int64_t count, const RankKind& kind);

}  // namespace titan::cli
