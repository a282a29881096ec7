#include "tests/estimator/simulate/scenario.h"

#include <ctime>

#include "estimator/report/json.h"
#include "models/registry.h"

namespace titan::test {

estimator::Request Scenario::request(int64_t num_steps) const {
  return {.config = config, .model = model, .machine = machine, .world_size = world_size, .num_steps = num_steps};
}

Scenario llama3(const std::string& flavor, int64_t world_size, const Change& change, const std::string& hardware) {
  Scenario scenario{.name = "llama3_" + flavor,
                    .model = models::find_model("llama3", flavor),
                    .config = {},
                    .machine = hardware::load_machine({.hardware = hardware}, TITAN_SOURCE_DIR "/configs"),
                    .world_size = world_size};
  auto& config = scenario.config;
  config.model.flavor = flavor;
  config.training.local_batch_size = 1;
  config.training.seq_len = flavor == "debugmodel" ? 2048 : 8192;
  config.activation_checkpoint.mode = "none";
  if (change) change(config);
  return scenario;
}

Change tensor_parallel(int64_t tp) {
  return [tp](auto& config) { config.parallelism.tensor_parallel_degree = tp; };
}

Change replicas(int64_t count) {
  return [count](auto& config) { config.parallelism.data_parallel_replicate_degree = count; };
}

Change offload() {
  return [](auto& config) { config.training.enable_cpu_offload = true; };
}

Change checkpointing(const std::string& mode) {
  return [mode](auto& config) {
    config.activation_checkpoint.mode = mode == "op" ? "selective" : mode;
    if (mode == "op") config.activation_checkpoint.selective_ac_option = "op";
  };
}

Change local_batch(int64_t sequences) {
  return [sequences](auto& config) { config.training.local_batch_size = sequences; };
}

Change all_of(std::vector<Change> changes) {
  return [changes = std::move(changes)](auto& config) {
    for (const auto& change : changes) change(config);
  };
}

std::vector<Scenario> scenarios() {
  const auto named = [](const std::string& name, Scenario scenario) {
    scenario.name = name;
    return scenario;
  };
  const Change accumulate = [](auto& config) { config.training.global_batch_size = 16; };
  return {
      named("debugmodel_alone", llama3("debugmodel", 1)),
      named("debugmodel_ddp2",
            llama3("debugmodel", 2,
                   all_of({replicas(2), [](auto& config) { config.parallelism.data_parallel_shard_degree = 1; }}))),
      named("fsdp8_op", llama3("8B", 8, checkpointing("op"))),
      named("fsdp8_accumulating", llama3("8B", 8, all_of({checkpointing("op"), accumulate}))),
      named("tp2_fsdp4_full_h200", llama3("8B", 8, all_of({tensor_parallel(2), checkpointing("full")}), "h200_sxm")),
      named("hsdp2x4_a100", llama3("8B", 8, all_of({replicas(2), checkpointing("full")}), "a100_sxm_80gb")),
      named("tp8_fsdp8_70b", llama3("70B", 64, all_of({tensor_parallel(8), checkpointing("full")}))),
      named("offload_fsdp8", llama3("8B", 8, all_of({checkpointing("full"), offload()}))),
      named("offload_hsdp2x4_tp2",
            llama3("8B", 16, all_of({replicas(2), tensor_parallel(2), checkpointing("full"), offload()}))),
      named("too_large", llama3("8B", 8, local_batch(8))),
  };
}

std::string text_of(estimator::Estimate estimate) {
  estimate.elapsed_s = 0.0;
  return estimator::to_json(estimate);
}

double cpu_time_s() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace titan::test
