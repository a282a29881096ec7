#include "runtime/config/declare.h"

namespace titan::config {
namespace {

const std::vector<std::string>& datasets() {
  static const std::vector<std::string> names = {"c4",         "c4_test",   "c4_validation",
                                                 "cc12m-test", "cc12m-wds", "coco-validation"};
  return names;
}

void declare_dataloader(Schema& schema, const char* section, DataloaderSection& loader) {
  schema.section(section, "Python's loader; titan reads and tokenises in the background by itself")
      .field("num_workers", loader.num_workers, "worker processes", {.minimum = 0})
      .field("persistent_workers", loader.persistent_workers, "keep workers between epochs")
      .field("pin_memory", loader.pin_memory, "batches in page-locked memory")
      .field("prefetch_factor", loader.prefetch_factor, "batches that each worker prepares ahead", {.minimum = 1});
}

void declare_optimizer(Schema& schema, OptimizerSection& optimizer) {
  schema.section("optimizer", "how gradients change parameters")
      .field("name", optimizer.name, "AdamW decays weights apart from the gradient, Adam through it",
             {.choices = {"AdamW", "Adam"}})
      .field("lr", optimizer.lr, "peak learning rate", {.above = 0})
      .field("beta1", optimizer.beta1, "decay of the gradient's running mean", {.minimum = 0, .below = 1})
      .field("beta2", optimizer.beta2, "decay of its square's running mean", {.minimum = 0, .below = 1})
      .field("eps", optimizer.eps, "added to the denominator", {.above = 0})
      .field("weight_decay", optimizer.weight_decay, "applied to every parameter", {.minimum = 0})
      .field("implementation", optimizer.implementation,
             "fused: one kernel; foreach: an operator over all parameters at a time; for-loop: parameter by parameter",
             {.choices = {"for-loop", "foreach", "fused"}})
      .field(
          "early_step_in_backward", optimizer.early_step_in_backward,
          "update each parameter as soon as its gradient is complete, and free the gradient; nothing is clipped then");
}

void declare_lr_scheduler(Schema& schema, LrSchedulerSection& scheduler) {
  schema.section("lr_scheduler", "learning rate over the run: warm up, stay, decay")
      .field("warmup_steps", scheduler.warmup_steps, "steps of linear rise", {.minimum = 0})
      .field("total_steps", scheduler.total_steps, "length of the curve; none: training.steps", {.minimum = 1})
      .field("decay_ratio", scheduler.decay_ratio,
             "share of the curve that decays, at its end; none: all after the warmup", {.minimum = 0, .maximum = 1})
      .field("decay_type", scheduler.decay_type, "shape of the decay", {.choices = {"linear", "sqrt", "cosine"}})
      .field("min_lr_factor", scheduler.min_lr_factor, "share of the peak at which decay ends",
             {.minimum = 0, .maximum = 1});
}

void declare_batches(Section& section, TrainingSection& training) {
  section.field("dataset", training.dataset, "data set; cc12m and coco are Flux's", {.choices = datasets()})
      .field("dataset_path", training.dataset_path, "file or folder to read it from")
      .field("local_batch_size", training.local_batch_size, "sequences per data-parallel rank and microstep",
             {.minimum = 1})
      .field("global_batch_size", training.global_batch_size,
             "sequences per step; more than the ranks take at once is accumulated; -1: no accumulation",
             {.minimum = 1, .special = {-1}})
      .field("seq_len", training.seq_len, "tokens per sequence", {.minimum = 1})
      .field("max_norm", training.max_norm, "gradients of a larger norm are scaled down to it", {.above = 0})
      .field("steps", training.steps, "optimizer steps", {.minimum = 1});
}

void declare_numerics(Section& section, TrainingSection& training) {
  section
      .field("enable_cpu_offload", training.enable_cpu_offload,
             "keep sharded parameters, gradients and optimizer states in host memory")
      .field("dtype", training.dtype, "storage of parameters and optimizer states",
             {.choices = {"bfloat16", "float32"}})
      .field("mixed_precision_param", training.mixed_precision_param, "what the model computes in",
             {.choices = {"bfloat16", "float32"}})
      .field("mixed_precision_reduce", training.mixed_precision_reduce,
             "what gradients travel in while ranks add them up; bfloat16 is titan's own and halves the bytes",
             {.choices = {"bfloat16", "float32"}})
      .field("gc_freq", training.gc_freq, "period of Python's garbage collection; without effect here", {.minimum = 1})
      .field("gc_debug", training.gc_debug, "collect garbage every step; without effect here");
}

void declare_validation(Schema& schema, ValidationSection& validation) {
  schema.section("validation", "loss on other data during training")
      .field("enable", validation.enable, "measure it")
      .field("dataset", validation.dataset, "data set, as training.dataset", {.choices = datasets()})
      .field("dataset_path", validation.dataset_path, "file or folder to read it from")
      .field("local_batch_size", validation.local_batch_size, "sequences per data-parallel rank", {.minimum = 1})
      .field("seq_len", validation.seq_len, "tokens per sequence", {.minimum = 1})
      .field("freq", validation.freq, "training steps between validations", {.minimum = 1})
      .field("steps", validation.steps, "batches per validation; -1: the whole set", {.minimum = 1, .special = {-1}});
  declare_dataloader(schema, "validation.dataloader", validation.dataloader);
}

}  // namespace

void declare_training(Schema& schema, JobConfig& config) {
  declare_optimizer(schema, config.optimizer);
  declare_lr_scheduler(schema, config.lr_scheduler);
  Section& training = schema.section("training", "what a step consumes, and in which numbers");
  declare_batches(training, config.training);
  declare_numerics(training, config.training);
  declare_dataloader(schema, "training.dataloader", config.training.dataloader);
  declare_validation(schema, config.validation);
}

}  // namespace titan::config
