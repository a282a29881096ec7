#pragma once

#include "cli/job.h"
#include "runtime/platform/cuda_plugin.h"
#include "validate/gpu/comparison.h"

namespace titan::cli {

/// Trains three steps and then three blocks of `block_steps` on GPU 0 with made-up tokens and measures memory and the
/// time of a step: the median of the blocks.
/// Running out of memory is a result. A process measures once: what it has held before would count. Throws ConfigError
/// for a configuration that does not work on one rank.
validate::GpuMeasurement measure_on_gpu(const Job& job, platform::CudaPlugin& plugin, int64_t block_steps);

}  // namespace titan::cli
