#include "runtime/config/declare.h"

namespace titan::config {
namespace {

// The reference's words for a degree that no mesh can have.
Rules degree() { return {.minimum = 1, .wording = "Parallelism degree should be >= 1, except for dp_shard"}; }

void declare_data_parallel(Section& section, ParallelismSection& parallelism) {
  section
      .field("data_parallel_replicate_degree", parallelism.data_parallel_replicate_degree,
             "replicas that each hold the whole model (DDP, or the outer part of HSDP)", degree())
      .field("data_parallel_shard_degree", parallelism.data_parallel_shard_degree,
             "ranks that a replica's parameters are sharded over (FSDP); -1: all ranks left over",
             {.minimum = 1, .special = {-1}, .wording = "dp_shard must -1 or >=1"})
      .field("fsdp_reshard_after_forward", parallelism.fsdp_reshard_after_forward,
             "free gathered parameters between forward and backward; default: yes without pipelines, no with them",
             {.choices = {"default", "always", "never"}})
      .field("tensor_parallel_degree", parallelism.tensor_parallel_degree,
             "ranks that share each layer's matrices and, between them, the sequence", degree())
      .field("disable_loss_parallel", parallelism.disable_loss_parallel, "gather the logits before the loss")
      .field("enable_async_tensor_parallel", parallelism.enable_async_tensor_parallel,
             "overlap tensor-parallel collectives with the matrix products around them; needs compile.enable");
}

void declare_pipeline(Section& section, ParallelismSection& parallelism) {
  section
      .field("pipeline_parallel_degree", parallelism.pipeline_parallel_degree,
             "ranks that a model's layers are divided over", degree())
      .field("module_fqns_per_model_part", parallelism.module_fqns_per_model_part,
             "the modules of each stage; none: divided evenly")
      .field("pipeline_parallel_first_stage_less_layers", parallelism.pipeline_parallel_first_stage_less_layers,
             "layers that the embedding counts as", {.minimum = 0})
      .field("pipeline_parallel_last_stage_less_layers", parallelism.pipeline_parallel_last_stage_less_layers,
             "layers that norm and output count as", {.minimum = 0})
      .field("pipeline_parallel_layers_per_stage", parallelism.pipeline_parallel_layers_per_stage,
             "layers per stage; none: one or two stages per rank, as the schedule needs", {.minimum = 1})
      .field("pipeline_parallel_schedule", parallelism.pipeline_parallel_schedule, "order of the stages' work",
             {.choices = {"1F1B", "GPipe", "PipelineScheduleSingle", "LoopedBFS", "Interleaved1F1B",
                          "InterleavedZeroBubble", "PipelineScheduleMulti", "ZBVZeroBubble", "DualPipeV"},
              .any_case = true})
      .field("pipeline_parallel_schedule_csv", parallelism.pipeline_parallel_schedule_csv, "file with an own schedule")
      .field("pipeline_parallel_microbatch_size", parallelism.pipeline_parallel_microbatch_size,
             "sequences per microbatch", {.minimum = 1})
      .field("pipeline_parallel_expert_parallel_overlap", parallelism.pipeline_parallel_expert_parallel_overlap,
             "DualPipeV: run one microbatch's forward while another's backward waits for experts");
}

void declare_context_and_experts(Section& section, ParallelismSection& parallelism) {
  section
      .field("context_parallel_degree", parallelism.context_parallel_degree,
             "ranks that share each sequence's attention", degree())
      .field("context_parallel_load_balancer", parallelism.context_parallel_load_balancer,
             "which tokens a rank gets; headtail: a chunk from either end; ptrr: by a flex mask; none: neighbours",
             {.choices = {"headtail", "ptrr"}})
      .field("context_parallel_rotate_method", parallelism.context_parallel_rotate_method,
             "how keys and values travel; allgather: all at once; alltoall: rank to rank",
             {.choices = {"allgather", "alltoall"}})
      .field("expert_parallel_degree", parallelism.expert_parallel_degree,
             "ranks that a layer's experts are divided over", degree())
      .field("expert_tensor_parallel_degree", parallelism.expert_tensor_parallel_degree,
             "ranks that share each expert's matrices: the tensor-parallel degree or 1", degree())
      .field("expert_parallel_comm_backend", parallelism.expert_parallel_comm_backend, "how tokens travel to experts",
             {.choices = {"standard", "deepep"}});
}

void declare_activation_checkpoint(Schema& schema, ActivationCheckpointSection& checkpoint) {
  schema.section("activation_checkpoint", "what is recomputed in backward instead of kept")
      .field("mode", checkpoint.mode, "which blocks, or which operators of a block",
             {.choices = {"selective", "full", "memory_budget", "none"}, .wording = "Invalid AC mode"})
      .field("selective_ac_option", checkpoint.selective_ac_option,
             "selective: \"op\" keeps the results of costly operators; a number n checkpoints every n-th block")
      .field("per_op_sac_force_recompute_mm_shapes_by_fqns", checkpoint.per_op_sac_force_recompute_mm_shapes_by_fqns,
             "\"op\": products shaped like these linear layers are always recomputed")
      .field("early_stop", checkpoint.early_stop, "end recomputation at the last value needed; without effect here")
      .field("memory_budget", checkpoint.memory_budget,
             "memory_budget: share of a block's activations that may be kept", {.minimum = 0, .maximum = 1})
      .field("visualize_memory_budget_pareto", checkpoint.visualize_memory_budget_pareto,
             "write memory against recomputation as SVG to dump_folder/memory_budget_pareto")
      .field("preserve_rng_state", checkpoint.preserve_rng_state,
             "repeat random numbers in recomputation; without effect here: the models draw none")
      .field("determinism_check", checkpoint.determinism_check,
             "how Python compares recomputed tensors; without effect here")
      .field("debug", checkpoint.debug, "Python's trace of recomputation; without effect here");
}

}  // namespace

void declare_parallelism(Schema& schema, JobConfig& config) {
  Section& section = schema.section("parallelism", "how the ranks share the work");
  declare_data_parallel(section, config.parallelism);
  declare_pipeline(section, config.parallelism);
  declare_context_and_experts(section, config.parallelism);
  declare_activation_checkpoint(schema, config.activation_checkpoint);
  schema.section("compile", "fused operators")
      .field("enable", config.compile.enable, "replace chains of operators by fused ones")
      .field("components", config.compile.components, "parts of the step that use them", {.choices = {"model", "loss"}})
      .field("backend", config.compile.backend, "Python's compiler; without effect here");
}

}  // namespace titan::config
