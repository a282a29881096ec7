#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "estimator/hardware/machine.h"
#include "estimator/report/estimate.h"
#include "estimator/simulate/request.h"
#include "runtime/config/job_config.h"
#include "runtime/train/model_spec.h"

namespace titan::test {

/// What is to be predicted, with all that a request refers to.
struct Scenario {
  std::string name;  // letters, digits and _
  train::ModelSpec model;
  config::JobConfig config;
  hardware::Machine machine;
  int64_t world_size = 1;

  estimator::Request request(int64_t num_steps = 2) const;
};

/// How GoogleTest shows one.
inline void PrintTo(const Scenario& scenario, std::ostream* out) { *out << scenario.name; }

using Change = std::function<void(config::JobConfig&)>;

/// A Llama 3 flavor in bfloat16 over FSDP with one sequence per rank and no checkpointing, then changed.
Scenario llama3(const std::string& flavor, int64_t world_size, const Change& change = {},
                const std::string& hardware = "h100_sxm_80gb");

/// Changes of the layout: tensor parallel, replicas of FSDP groups.
Change tensor_parallel(int64_t tp);
Change replicas(int64_t count);
/// Shards, gradients and optimizer in host memory.
Change offload();
/// "none", "full", "op" (selective).
Change checkpointing(const std::string& mode);
Change local_batch(int64_t sequences);
Change all_of(std::vector<Change> changes);

/// Small and large models on each layout, on several GPUs, one that does not fit among them.
std::vector<Scenario> scenarios();

/// The estimate as JSON, without what differs between runs.
std::string text_of(estimator::Estimate estimate);

/// What this process has computed so far, in seconds: other processes do not count.
double cpu_time_s();

}  // namespace titan::test
