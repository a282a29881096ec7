#pragma once

#include <optional>
#include <string>

#include "sim/trace/trace.h"

namespace titan::trace {

/// Where two well-formed traces first differ, in words: "node 12 in step / forward / layers.0: 'aten::mm … @compute'
/// against 'aten::mm … @compute'". None if they mean the same; how descriptors are numbered does not count.
std::optional<std::string> first_difference(const Trace& a, const Trace& b);

}  // namespace titan::trace
