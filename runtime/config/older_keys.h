#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace titan::config {

/// Answers a key that earlier torchtitan revisions had: what it is called now, or what took its place. Absent: it is
/// none.
std::optional<std::string> answer_older_key(std::string_view key);

}  // namespace titan::config
