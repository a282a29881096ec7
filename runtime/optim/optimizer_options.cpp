#include "runtime/optim/optimizer_options.h"

#include <string>

#include "runtime/config/config_error.h"

namespace titan::optim {

OptimizerName parse_optimizer_name(std::string_view text) {
  if (text == "AdamW") return OptimizerName::adam_w;
  if (text == "Adam") return OptimizerName::adam;
  throw config::ConfigError("optimizer.name", "must be AdamW or Adam, found '" + std::string(text) + "'");
}

Implementation parse_implementation(std::string_view text) {
  if (text == "for-loop") return Implementation::for_loop;
  if (text == "foreach") return Implementation::foreach;
  if (text == "fused") return Implementation::fused;
  throw config::ConfigError("optimizer.implementation",
                            "must be for-loop, foreach or fused, found '" + std::string(text) + "'");
}

}  // namespace titan::optim
