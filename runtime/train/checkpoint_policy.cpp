#include "runtime/train/checkpoint_policy.h"

#include <string>

#include "runtime/config/config_error.h"

namespace titan::train {

unit::Checkpoint block_checkpoint(const config::ActivationCheckpointSection& settings, int64_t index) {
  if (settings.mode == "none") return unit::Checkpoint::none;
  if (settings.mode == "full") return unit::Checkpoint::full;
  if (settings.mode != "selective" || settings.selective_ac_option == "op") {
    throw config::ConfigError("activation_checkpoint.mode",
                              "\"" + settings.mode + "\" with option \"" + settings.selective_ac_option +
                                  "\" is not there yet; use none, full, or selective with a number");
  }
  const int64_t every = std::stoll(settings.selective_ac_option);
  return every == 0 || (index + 1) % every == 0 ? unit::Checkpoint::full : unit::Checkpoint::none;
}

}  // namespace titan::train
