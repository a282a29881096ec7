#include "runtime/config/declare.h"

namespace titan::config {

void declare_job(Schema& schema, JobConfig& config) {
  JobSection& job = config.job;
  schema.section("job", "the run as a whole")
      .field("config_file", job.config_file, "TOML file: a path, a shipped file's name, or the end of one",
             {.command_line_only = true})
      .field("dump_folder", job.dump_folder, "folder of everything a run writes", {.not_empty = true})
      .field("description", job.description, "logged at the start")
      .field("print_config", job.print_config, "print the resolved configuration as JSON")
      .field("save_config_file", job.save_config_file,
             "write the resolved configuration as JSON to this path in dump_folder")
      .field("custom_config_module", job.custom_config_module,
             "Python module with more keys; those of torchtitan's own two modules are built in, others are refused");

  ModelSection& model = config.model;
  schema.section("model", "what is trained")
      .field("name", model.name, "model family; `titan models` lists them", {.not_empty = true})
      .field("flavor", model.flavor, "size within the family", {.not_empty = true})
      .field("hf_assets_path", model.hf_assets_path,
             "folder with the tokenizer and, for Hugging Face weights, config, index and safetensors")
      .field("converters", model.converters,
             "changes to the model before it is parallelised, in order: quantize.linear.float8, quantize.linear.mx, "
             "quantize.grouped_mm.float8, quantize.grouped_mm.mx")
      .field("print_after_conversion", model.print_after_conversion, "log the modules after the converters ran");
}

void declare_comm(Schema& schema, JobConfig& config) {
  CommSection& comm = config.comm;
  schema.section("comm", "communication between ranks")
      .field("init_timeout_seconds", comm.init_timeout_seconds, "longest collective until the end of step 1",
             {.minimum = 1})
      .field("train_timeout_seconds", comm.train_timeout_seconds, "longest collective afterwards", {.minimum = 1})
      .field("trace_buf_size", comm.trace_buf_size, "collectives that the flight recorder keeps; 0: no recorder",
             {.minimum = 0})
      .field("save_traces_folder", comm.save_traces_folder, "where the flight recorder writes, in dump_folder")
      .field("save_traces_file_prefix", comm.save_traces_file_prefix, "beginning of its file names")
      .field("mode", comm.mode,
             "default: processes; local_tensor: NGPU threads with real numbers; fake_backend: NGPU imagined ranks",
             {.choices = {"default", "fake_backend", "local_tensor"}});
}

void declare_experimental(Schema& schema, JobConfig& config) {
  ExperimentalSection& experimental = config.experimental;
  schema.section("experimental", "hooks of the Python program")
      .field("custom_import", experimental.custom_import, "Python module imported first; refused here")
      .field("custom_args_module", experimental.custom_args_module,
             "older name of job.custom_config_module; refused here");
}

}  // namespace titan::config
