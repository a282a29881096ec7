#include "estimator/hardware/machine.h"

#include <cmath>

#include "estimator/hardware/units.h"
#include "runtime/config/config_error.h"
#include "runtime/config/nearest.h"

namespace titan::hardware {
namespace {

/// Calls `use` with the field of `key`. The deviations of the three files share their names and are no factors.
template <class Use>
void with_field(Machine& machine, const std::string& key, Use use) {
  config::Schema gpu, cluster, software;
  declare_numbers(gpu, machine.gpu);
  declare_numbers(cluster, machine.cluster);
  declare_numbers(software, machine.software);
  std::vector<std::string> keys;
  for (const config::Schema* schema : {&gpu, &cluster, &software}) {
    for (const auto& section : schema->sections()) {
      if (section.name().starts_with("deviation")) continue;
      for (const auto& field : section.fields()) {
        if (field.kind() != config::Kind::kNumber) continue;
        if (field.key() == key) return use(field);
        keys.push_back(field.key());
      }
    }
  }
  throw config::ConfigError(key,
                            "is no number of a hardware, cluster or software file" + config::did_you_mean(key, keys));
}

void check_factors(const Machine& machine) {
  for (const auto& free : machine.gpu.free) {
    const auto fail = [&](const std::string& message) {
      throw config::ConfigError("calibration.free", free.key + " " + message + " (" + machine.gpu.file.string() + ")");
    };
    double value = 0;
    try {
      value = factor(machine, free.key);
    } catch (const config::ConfigError& error) {
      fail(error.message());
    }
    if (value > free.low && value < free.high) continue;
    fail("must lie between its bounds " + config::to_text(free.low) + " and " + config::to_text(free.high) +
         ", found " + config::to_text(value));
  }
}

std::string calibration_line(const Calibration& calibration, const std::filesystem::path& file) {
  return file.filename().string() + ": " + (calibration.calibrated ? "calibrated: " : "UNCALIBRATED: ") +
         calibration.statement;
}

}  // namespace

Machine load_machine(const MachineNames& names, const std::filesystem::path& configs) {
  Machine machine;
  machine.gpu = load_gpu("hardware.gpu", names.hardware, configs / "hardware");
  const bool named = !names.cluster.empty();
  machine.cluster = load_cluster(named ? "hardware.cluster" : "gpu.cluster in " + machine.gpu.file.string(),
                                 named ? names.cluster : machine.gpu.cluster, configs / "cluster");
  machine.software = load_software("hardware.software", names.software, configs / "software");
  check_factors(machine);
  return machine;
}

std::map<std::string, int64_t> bytes_beside_allocator(const Machine& machine, int64_t num_communicators) {
  const auto& process = machine.software.process;
  const auto bytes = [](double count, double unit) { return static_cast<int64_t>(std::llround(count * unit)); };
  std::map<std::string, int64_t> held = {{"context", bytes(process.context_gib, kGibi)},
                                         {"modules", bytes(process.modules_gib, kGibi)}};
  if (num_communicators == 0) return held;
  const double channels = static_cast<double>(num_communicators * machine.cluster.channels.per_communicator);
  held["nccl"] = bytes(process.distributed_gib, kGibi) + bytes(channels * process.nccl_channel_mib, kMebi);
  return held;
}

double factor(const Machine& machine, const std::string& key) {
  double value = 0;
  Machine copy = machine;
  with_field(copy, key, [&](const config::Field& field) {
    const config::Value found = field.value();
    if (std::holds_alternative<std::monostate>(found)) throw config::ConfigError(key, "is not given");
    value = std::get<double>(found);
  });
  return value;
}

void set_factor(Machine& machine, const std::string& key, double value) {
  with_field(machine, key, [value](const config::Field& field) { field.assign(value); });
}

std::vector<std::string> calibration_lines(const Machine& machine) {
  return {calibration_line(machine.gpu.calibration, machine.gpu.file),
          calibration_line(machine.cluster.calibration, machine.cluster.file)};
}

}  // namespace titan::hardware
