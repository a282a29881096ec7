#include "runtime/config/declare.h"

namespace titan::config {

void declare(Schema& schema, JobConfig& config) {
  schema.alias("config", "job.config_file");
  declare_job(schema, config);
  declare_training(schema, config);
  declare_parallelism(schema, config);
  declare_comm(schema, config);
  declare_quantization(schema, config);
  declare_checkpoint(schema, config);
  declare_diagnostics(schema, config);
  declare_experimental(schema, config);
  declare_flux(schema, config);
}

}  // namespace titan::config
