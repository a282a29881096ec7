#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sim/trace/trace.h"

namespace titan::trace {

/// "compute"; streams that a platform added are "stream7".
std::string stream_name(uint8_t stream);
std::string_view to_text(CollectiveKind kind);
std::string_view to_text(OpClass op_class);

/// An amount without a needless fraction: "8192".
std::string amount_text(double value);

/// "aten::mm bfloat16 [4, 8] [8, 16] -> [4, 16]"
std::string describe(const OpDescriptor& op);
/// "all_gather fsdp(4) bfloat16 8192 B"
std::string describe(const CollectiveDescriptor& collective, const Group& group);

/// One well-formed node in words, without its number: "aten::mm bfloat16 [4, 8] [8, 16] -> [4, 16] (s1, s2, =s3)
/// @compute". s1 is a storage that is read, =s3 one that is written, ~s3 both; e4 an event.
std::string describe(const Trace& trace, const Node& node);

/// The scopes that are open at a node of a well-formed trace, outermost first: "step / forward / layers.0".
std::string scope_path(const Trace& trace, size_t node);

}  // namespace titan::trace
