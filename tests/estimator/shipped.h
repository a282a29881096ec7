#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "estimator/hardware/machine.h"

namespace titan::hardware {

inline const std::filesystem::path kConfigs = std::filesystem::path(TITAN_SOURCE_DIR) / "configs";

/// Names of the shipped files of one kind ("hardware"), sorted.
std::vector<std::string> shipped(const std::string& kind);

/// A GPU on its default cluster with torchtitan's software, in-step factors at 1: what isolated kernels take.
Machine isolated(const std::string& hardware);

}  // namespace titan::hardware
