#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "estimator/hardware/gpu_spec.h"

namespace titan::hardware {

/// The program that is predicted: facts about its code that change time or memory of the same model. What changes
/// allocation (segments, fusion, repeated key heads) is recorded anew; the rest are prices. Sources: the comments in
/// configs/software/*.toml.
struct SoftwareSpec {
  std::filesystem::path file;

  std::string name, date;
  struct Host {
    double op_us = 0, launch_us = 0, communication_us = 0, event_us = 0;
  } host;
  struct Attention {  // kernel by GPU generation: "fa2"; none where the program does not run
    std::optional<std::string> ampere, hopper, blackwell, cdna3;
    bool repeats_key_heads = false;  // copies keys and values to all query heads first
  } attention;
  struct Fusion {
    std::vector<std::string> compiled;  // what compile.enable fuses into few kernels
    bool compiled_loss = false;
    std::string rms_norm;  // without compile.enable: "fused", "composite", "written_out" (sim::RmsNormKernel)
  } fusion;
  struct AsyncTensorParallel {
    bool copy_engine = false;                 // moves bytes with copy engines, which hold no multiprocessors
    bool splits_matmul = false;               // one matmul per rank's chunk instead of one
    bool staged_reduce = false;               // partial results are gathered whole and then summed
    std::vector<std::string> float8_recipes;  // that have such an operator
  } async_tp;
  struct Memory {
    std::string segments;
  } memory;
  struct CublasWorkspace {  // by GPU generation, of each handle and stream
    double ampere_mib = 0, hopper_mib = 0, blackwell_mib = 0, cdna3_mib = 0;
  } cublas_workspace;
  struct Process {  // device memory beside the caching allocator
    double context_gib = 0, modules_gib = 0, distributed_gib = 0, nccl_channel_mib = 0;
  } process;
  struct Deviation {
    double host = 0;
  } deviation;

  /// The attention kernel used on `architecture`. Throws ConfigError where the program does not run there.
  const std::string& attention_backend(const std::string& architecture) const;
  /// Bytes of the cuBLAS workspace of one handle and stream on `architecture`.
  double cublas_workspace_bytes(const std::string& architecture) const;
};

/// Binds the numbers of `software` to their keys.
void declare_numbers(config::Schema& schema, SoftwareSpec& software);

/// Loads configs/software/<name>.toml. Throws ConfigError.
SoftwareSpec load_software(const std::string& where, const std::string& name, const std::filesystem::path& folder);

}  // namespace titan::hardware
