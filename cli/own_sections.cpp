#include "cli/own_sections.h"

namespace titan::cli {

void declare(config::Schema& schema, TitanSection& section) {
  schema.section("titan", "Where the program runs, and what torchtitan has no key for.")
      .field("device", section.device, "device to compute on; auto: cpu, or the simulated device in the fake world",
             {.choices = {"auto", "sim", "cpu", "cuda"}})
      .field("dtype", section.dtype,
             "one number format for parameters, activations and gradients, instead of mixed precision (for tests)",
             {.choices = {"float64", "float32", "bfloat16"}})
      .field("fsdp_blocks_per_unit", section.fsdp_blocks_per_unit,
             "blocks that follow each other whose parameters are gathered, freed and reduced together; more than there "
             "are (in a pipeline stage): all of them",
             {.minimum = 1});
}

void declare(config::Schema& schema, HardwareSection& section) {
  schema.section("hardware", "What is predicted: read by estimate and the fake world.")
      .field("gpu", section.gpu, "hardware file, or the name of a shipped one")
      .field("cluster", section.cluster,
             "cluster file, or the name of a shipped one; none: the one that the hardware file names")
      .field("software", section.software, "software file, or the name of a shipped one")
      .field("num_gpus", section.num_gpus, "number of GPUs; none: NGPU, else 8", {.minimum = 1});
  schema.alias("hardware", "hardware.gpu");
  schema.alias("cluster", "hardware.cluster");
  schema.alias("software", "hardware.software");
  schema.alias("gpus", "hardware.num_gpus");
}

void declare(config::Schema& schema, SimSection& section) {
  schema.section("sim", "How the simulated device runs.")
      .field("steps", section.steps,
             "steps that the fake world simulates, unless --training.steps is given on the command line; the second is "
             "steady state",
             {.minimum = 1, .maximum = 1000});
}

}  // namespace titan::cli
