#include "runtime/config/declare.h"

namespace titan::config {
namespace {

void declare_loading(Section& section, CheckpointSection& checkpoint) {
  section.field("initial_load_path", checkpoint.initial_load_path, "checkpoint to start from while folder has none")
      .field("initial_load_model_only", checkpoint.initial_load_model_only, "take only its weights")
      .field("initial_load_in_hf", checkpoint.initial_load_in_hf,
             "it is in Hugging Face's format; without a path: model.hf_assets_path")
      .field("initial_load_in_hf_quantized", checkpoint.initial_load_in_hf_quantized, "those weights are quantised");
}

void declare_saving(Section& section, CheckpointSection& checkpoint) {
  section.field("last_save_model_only", checkpoint.last_save_model_only, "the last save holds weights only")
      .field("last_save_in_hf", checkpoint.last_save_in_hf, "the last save is in Hugging Face's format")
      .field("export_dtype", checkpoint.export_dtype, "dtype of a save of weights only",
             {.choices = {"float16", "bfloat16", "float32"}})
      .field("async_mode", checkpoint.async_mode, "save while training goes on",
             {.choices = {"disabled", "async", "async_with_pinned_mem"}, .any_case = true})
      .field(
          "keep_latest_k", checkpoint.keep_latest_k, "saves kept; 0: all",
          {.minimum = 2, .special = {0}, .wording = "We need to maintain at least 2 checkpoint replicas, or all (0)"})
      .field("load_step", checkpoint.load_step, "step to resume from; -1: the latest", {.minimum = 0, .special = {-1}})
      .field("exclude_from_loading", checkpoint.exclude_from_loading, "states that resuming leaves alone",
             {.choices = {"model", "optimizer", "lr_scheduler", "dataloader", "train_state"},
              .wording = "not found in state_dict"})
      .field("enable_first_step_checkpoint", checkpoint.enable_first_step_checkpoint, "save after step 1 too")
      .field("create_seed_checkpoint", checkpoint.create_seed_checkpoint, "write the initial weights as step 0 and end")
      .field("load_only", checkpoint.load_only, "never save");
}

void declare_replica_groups(Schema& schema, FaultToleranceSection& fault) {
  schema.section("fault_tolerance", "replica groups that may come and go")
      .field("enable", fault.enable, "train in replica groups")
      .field("process_group", fault.process_group, "what replicas communicate by", {.choices = {"gloo", "nccl"}})
      .field("process_group_timeout_ms", fault.process_group_timeout_ms, "longest collective between replicas",
             {.minimum = 1})
      .field("replica_id", fault.replica_id, "this replica group's number", {.minimum = 0})
      .field("group_size", fault.group_size, "number of replica groups; 0: as many as there are", {.minimum = 0})
      .field("min_replica_size", fault.min_replica_size, "fewest replica groups for a step", {.minimum = 1})
      .field("semi_sync_method", fault.semi_sync_method, "replicas synchronise every few steps only",
             {.choices = {"local_sgd", "diloco"}})
      .field("sync_steps", fault.sync_steps, "steps between synchronisations", {.minimum = 1})
      .field("should_quantize", fault.should_quantize, "exchange quantised differences")
      .field("fragment_sync_delay", fault.fragment_sync_delay, "steps between starting and using a synchronisation",
             {.minimum = 0})
      .field("fragment_update_alpha", fault.fragment_update_alpha, "share of the local weights in the mix afterwards",
             {.minimum = 0, .maximum = 1})
      .field("module_fqns_per_model_fragment", fault.module_fqns_per_model_fragment, "the modules of each fragment")
      .field("num_fragments", fault.num_fragments, "parts of the model that synchronise by turns", {.minimum = 1});
}

}  // namespace

void declare_checkpoint(Schema& schema, JobConfig& config) {
  CheckpointSection& checkpoint = config.checkpoint;
  Section& section = schema.section("checkpoint", "saving and resuming");
  section.field("enable", checkpoint.enable, "save checkpoints, and resume from the latest one in folder")
      .field("enable_ft_dataloader_checkpoints", checkpoint.enable_ft_dataloader_checkpoints,
             "each replica group saves its place in the data")
      .field("folder", checkpoint.folder, "where, in dump_folder", {.not_empty = true})
      .field("interval", checkpoint.interval, "steps between saves", {.minimum = 1});
  declare_loading(section, checkpoint);
  declare_saving(section, checkpoint);
  declare_replica_groups(schema, config.fault_tolerance);
}

}  // namespace titan::config
