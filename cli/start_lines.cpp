#include "cli/start_lines.h"

namespace titan::cli {
namespace {

std::string with_commas(int64_t number) {
  std::string digits = std::to_string(number);
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3) digits.insert(at, ",");
  return digits;
}

}  // namespace

void log_start(const Job& job, const platform::World& world, const std::vector<std::string>& notices,
               metrics::Logger& log) {
  log.info("titan version: " TITAN_VERSION);
  log.info("Starting job: " + job.config.job.description);
  for (const auto& notice : notices) log.warning(notice);
  if (world.size > 1) log.info("Rank " + std::to_string(world.rank) + " of " + std::to_string(world.size));
}

std::string model_size_line(const train::ModelSpec& model) {
  return "Model " + model.name + " " + model.flavor + " size: " + with_commas(model.num_parameters) +
         " total parameters";
}

}  // namespace titan::cli
