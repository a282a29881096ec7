#pragma once

#include <string>

#include "runtime/config/schema.h"

namespace titan::config {

/// Describes every key by section: how it is written, type, default, what is allowed, meaning. One option starts a line
/// of two spaces, its meaning the next of six.
std::string help_text(const Schema& schema);

}  // namespace titan::config
