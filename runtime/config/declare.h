#pragma once

#include "runtime/config/job_config.h"
#include "runtime/config/schema.h"

namespace titan::config {

/// Declares every key of torchtitan's TOML schema, bound to `config`, and --config as a short name of
/// --job.config_file. `config` must hold its defaults, and outlive the schema without moving.
void declare(Schema& schema, JobConfig& config);

/// The parts of `declare`.
void declare_job(Schema& schema, JobConfig& config);
void declare_training(Schema& schema, JobConfig& config);
void declare_parallelism(Schema& schema, JobConfig& config);
void declare_comm(Schema& schema, JobConfig& config);
void declare_quantization(Schema& schema, JobConfig& config);
void declare_checkpoint(Schema& schema, JobConfig& config);
void declare_diagnostics(Schema& schema, JobConfig& config);
void declare_experimental(Schema& schema, JobConfig& config);
void declare_flux(Schema& schema, JobConfig& config);

}  // namespace titan::config
