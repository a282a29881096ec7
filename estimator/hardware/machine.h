#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "estimator/hardware/cluster_spec.h"
#include "estimator/hardware/gpu_spec.h"
#include "estimator/hardware/software_spec.h"

namespace titan::hardware {

/// A GPU, what connects many of it, and the program that runs there.
struct Machine {
  GpuSpec gpu;
  ClusterSpec cluster;
  SoftwareSpec software;
};

/// Each a path or the name of a shipped file, or its end.
struct MachineNames {
  std::string hardware = "h100_sxm_80gb";
  std::string cluster;  // empty: the one that the hardware file names
  std::string software = "titan";
};

/// Loads hardware/, cluster/ and software/ files below `configs`. Throws ConfigError; messages about a name start with
/// hardware.gpu, hardware.cluster or hardware.software, or with the key and file that named it.
Machine load_machine(const MachineNames& names, const std::filesystem::path& configs);

/// Device memory in bytes that a process holds beside what its caching allocator reserves, by what holds it: "context",
/// "modules" and, with at least one communicator of two ranks or more, "nccl": a fixed part and the buffers of each
/// communicator's channels.
std::map<std::string, int64_t> bytes_beside_allocator(const Machine& machine, int64_t num_communicators);

/// Reads the number behind a key of any of the three files ("gemm.rate", "network.efficiency"). Throws ConfigError for
/// an unknown key, with the nearest.
double factor(const Machine& machine, const std::string& key);

/// Sets it. Throws ConfigError out of the key's range.
void set_factor(Machine& machine, const std::string& key, double value);

/// Says "calibrated: ..." or "UNCALIBRATED: ..." for the hardware and the cluster file, as every report does.
std::vector<std::string> calibration_lines(const Machine& machine);

}  // namespace titan::hardware
