#include "cli/prediction.h"

#include "runtime/config/config_error.h"
#include "runtime/train/dtypes.h"

namespace titan::cli {
namespace {

std::vector<std::string> check(const Job& job, const train::ModelSpec& model, int64_t world_size) {
  const WorldPlan plan{.kind = WorldKind::fake, .world = {.size = static_cast<int>(world_size)}};
  auto notices = check_rules(job, model, plan);
  if (job.config.compile.enable) {
    throw config::ConfigError("compile.enable",
                              "the times of fused operators are not there yet; predict with --compile.no_enable");
  }
  if (job.config.training.enable_cpu_offload) {
    notices.push_back(
        "training.enable_cpu_offload: nothing checks that the hosts have the memory: multiply what is in host memory "
        "per "
        "rank by the GPUs of a host");
  }
  return notices;
}

hardware::Machine load(const HardwareSection& section) {
  return hardware::load_machine(
      {.hardware = section.gpu, .cluster = section.cluster.value_or(""), .software = section.software},
      installation_folder() + "/configs");
}

}  // namespace

int64_t num_imagined_ranks(const Job& job) {
  const bool is_option = job.hardware.num_gpus && job.loaded.given("hardware.num_gpus");
  const bool is_variable = !is_option && job.loaded.num_gpus;
  const int64_t count = is_variable ? *job.loaded.num_gpus : job.hardware.num_gpus.value_or(kDefaultWorldSize);
  if (count <= kLargestWorldSize) return count;
  throw config::ConfigError(
      is_variable ? "NGPU" : "hardware.num_gpus",
      "must be at most " + std::to_string(kLargestWorldSize) + ", found " + std::to_string(count));
}

Prediction::Prediction(const Job& job, const train::ModelSpec& model, int64_t world_size)
    : job_(job),
      model_(model),
      world_size_(world_size),
      notices_(check(job, model, world_size)),
      machine_(load(job.hardware)) {
  if (job.titan.dtype) dtype_ = train::parse_dtype(*job.titan.dtype);
}

estimator::Request Prediction::request(int64_t num_steps) const {
  return {.config = job_.config,
          .model = model_,
          .machine = machine_,
          .world_size = world_size_,
          .num_steps = num_steps,
          .uniform_dtype = dtype_,
          .fsdp_blocks_per_unit = job_.titan.fsdp_blocks_per_unit};
}

}  // namespace titan::cli
