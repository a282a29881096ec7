#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "sim/trace/trace.h"

namespace titan::trace {

/// Changes when files written before can no longer be read.
inline constexpr uint32_t kTraceVersion = 1;

/// The compact binary form (docs/trace.md), about 4 bytes per node. Throws config::ContractError unless the trace is
/// well formed.
std::string encode(const Trace& trace);

/// The trace that encode made `bytes` of. Throws config::ConfigError naming `source` and the offset unless it is a
/// complete and well-formed one; whatever the bytes, memory stays within a small multiple of their number.
Trace decode(std::string_view bytes, const std::string& source);

/// Writes atomically. Throws as encode and files::write_file do.
void write_trace(const Trace& trace, const std::filesystem::path& path);

/// Throws config::ConfigError naming the file if it cannot be read, and as decode does.
Trace read_trace(const std::filesystem::path& path);

}  // namespace titan::trace
