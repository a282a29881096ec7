#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace titan::validate {

/// A step that is predicted and run on one GPU.
struct GpuConfiguration {
  std::string name;
  std::vector<std::string> arguments;  // of `titan estimate`, beside those that say what is predicted
};

/// Reads validate/gpu/configurations.csv. Throws ConfigError naming file and line.
std::vector<GpuConfiguration> read_gpu_configurations(const std::filesystem::path& file);

/// Those with these names, in the table's order; all if there are none. Throws ConfigError for a name that is not in
/// it.
std::vector<GpuConfiguration> select_gpu_configurations(const std::vector<GpuConfiguration>& all,
                                                        const std::vector<std::string>& names);

}  // namespace titan::validate
