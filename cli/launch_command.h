#pragma once

#include <string>
#include <vector>

namespace titan::cli {

/// `titan launch --nproc N -- COMMAND ...`: runs a command as N local processes with torchrun's environment variables.
int launch_command(const std::vector<std::string>& arguments);

}  // namespace titan::cli
