#include "estimator/hardware/software_spec.h"

#include "estimator/hardware/spec_file.h"
#include "runtime/config/check.h"
#include "runtime/config/config_error.h"

namespace titan::hardware {
namespace {

void declare_facts(config::Schema& schema, SoftwareSpec& software) {
  const config::Rules backends = {.choices = {"fa2", "fa3", "cudnn", "triton", "ck"}};
  schema.section("software", "the program")
      .field("name", software.name, "what it is called", {.not_empty = true})
      .field("date", software.date, "its date", {.not_empty = true});
  auto& attention = software.attention;
  schema.section("attention", "kernel of fused attention by GPU generation")
      .field("ampere", attention.ampere, "kernel", backends)
      .field("hopper", attention.hopper, "kernel", backends)
      .field("blackwell", attention.blackwell, "kernel", backends)
      .field("cdna3", attention.cdna3, "kernel", backends)
      .field("repeats_key_heads", attention.repeats_key_heads, "copies keys and values to all query heads");
  schema.section("fusion", "what becomes one kernel")
      .field("compiled", software.fusion.compiled, "operations that compile.enable fuses",
             {.choices = {"rms_norm", "rope", "swiglu", "residual", "cast", "quantize"}})
      .field("compiled_loss", software.fusion.compiled_loss, "compile.enable covers the loss")
      .field("rms_norm", software.fusion.rms_norm, "what computes RMSNorm without compile.enable",
             {.choices = {"fused", "composite", "written_out"}});
  auto& async_tp = software.async_tp;
  schema.section("async_tp", "asynchronous tensor parallelism")
      .field("copy_engine", async_tp.copy_engine, "bytes move without multiprocessors")
      .field("splits_matmul", async_tp.splits_matmul, "one matmul per rank's chunk")
      .field("staged_reduce", async_tp.staged_reduce, "partial results are gathered whole, then summed")
      .field("float8_recipes", async_tp.float8_recipes, "float8 recipes that have it",
             {.choices = {"tensorwise", "rowwise"}});
}

void declare_memory(config::Schema& schema, SoftwareSpec& software) {
  auto& memory = software.memory;
  schema.section("memory", "what decides allocation")
      .field("segments", memory.segments, "caching allocator", {.choices = {"native", "expandable"}});
}

/// The one of four that belongs to `architecture`.
template <class T>
const T& by_architecture(const std::string& architecture, const T& ampere, const T& hopper, const T& blackwell,
                         const T& cdna3) {
  if (architecture == "ampere") return ampere;
  if (architecture == "hopper") return hopper;
  if (architecture == "blackwell") return blackwell;
  config::check(architecture == "cdna3", "SoftwareSpec: unknown architecture: ", architecture);
  return cdna3;
}

}  // namespace

const std::string& SoftwareSpec::attention_backend(const std::string& architecture) const {
  const auto& kernel =
      by_architecture(architecture, attention.ampere, attention.hopper, attention.blackwell, attention.cdna3);
  if (kernel) return *kernel;
  throw config::ConfigError("attention." + architecture,
                            "is not given: " + name + " does not run on " + architecture + " (" + file.string() + ")");
}

double SoftwareSpec::cublas_workspace_bytes(const std::string& architecture) const {
  const auto& mib = cublas_workspace;
  return 1024.0 * 1024.0 *
         by_architecture(architecture, mib.ampere_mib, mib.hopper_mib, mib.blackwell_mib, mib.cdna3_mib);
}

void declare_numbers(config::Schema& schema, SoftwareSpec& software) {
  schema.section("host", "time of the issuing thread")
      .field("op_us", software.host.op_us, "one operator up to its launch", between(0.5, 200, "us"))
      .field("launch_us", software.host.launch_us, "launching one kernel", between(0.5, 100, "us"))
      .field("communication_us", software.host.communication_us, "one collective or transfer", between(1, 500, "us"))
      .field("event_us", software.host.event_us, "recording or awaiting an event", between(0.1, 50, "us"));
  schema.section("process", "device memory of a process beside the caching allocator")
      .field("context_gib", software.process.context_gib, "driver context", between(0.05, 10, "GiB"))
      .field("modules_gib", software.process.modules_gib, "loaded kernels", between(0.02, 10, "GiB"))
      .field("distributed_gib", software.process.distributed_gib, "communication as a whole, once",
             between(0.02, 10, "GiB"))
      .field("nccl_channel_mib", software.process.nccl_channel_mib, "buffers of one channel of one communicator",
             between(0.5, 64, "MiB"));
  auto& workspace = software.cublas_workspace;
  schema.section("cublas_workspace", "of one handle and stream, taken from the caching allocator")
      .field("ampere_mib", workspace.ampere_mib, "on Ampere", between(0.5, 256, "MiB"))
      .field("hopper_mib", workspace.hopper_mib, "on Hopper", between(0.5, 256, "MiB"))
      .field("blackwell_mib", workspace.blackwell_mib, "on Blackwell", between(0.5, 256, "MiB"))
      .field("cdna3_mib", workspace.cdna3_mib, "on CDNA 3", between(0.5, 256, "MiB"));
  schema.section("deviation", "relative standard deviations of what is stated here")
      .field("host", software.deviation.host, "host times", deviation_rules());
}

SoftwareSpec load_software(const std::string& where, const std::string& name, const std::filesystem::path& folder) {
  SoftwareSpec software;
  config::Schema schema;
  declare_numbers(schema, software);
  declare_facts(schema, software);
  declare_memory(schema, software);
  software.file = load_spec_file(schema, where, name, folder);
  return software;
}

}  // namespace titan::hardware
