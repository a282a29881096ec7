#include "runtime/config/config_error.h"
#include "runtime/config/rules/rules.h"

namespace titan::config {

void check_checkpoint(const JobConfig& config, int64_t world_size) {
  const CheckpointSection& checkpoint = config.checkpoint;
  const auto require = [](bool holds, const char* key, const std::string& message) {
    if (!holds) throw ConfigError(std::string("checkpoint.") + key, message);
  };
  if (checkpoint.create_seed_checkpoint) {
    require(checkpoint.enable, "create_seed_checkpoint",
            "Must enable checkpointing when creating a seed checkpoint. Set checkpoint.enable");
    require(world_size == 1, "create_seed_checkpoint",
            "Must create seed checkpoint using a single device, to disable sharding. Found " +
                std::to_string(world_size) + " ranks");
  }
  if (!checkpoint.enable) return;
  require(!checkpoint.initial_load_in_hf || checkpoint.initial_load_model_only, "initial_load_in_hf",
          "Hugging Face's format holds weights only: needs checkpoint.initial_load_model_only, found false");
  require(!checkpoint.initial_load_in_hf_quantized || checkpoint.initial_load_in_hf, "initial_load_in_hf_quantized",
          "needs checkpoint.initial_load_in_hf, found false");
  require(!checkpoint.last_save_in_hf || checkpoint.last_save_model_only, "last_save_in_hf",
          "Hugging Face's format holds weights only: needs checkpoint.last_save_model_only, found false");
}

}  // namespace titan::config
