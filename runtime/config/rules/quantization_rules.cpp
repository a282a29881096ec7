#include "runtime/config/config_error.h"
#include "runtime/config/nearest.h"
#include "runtime/config/rules/rules.h"
#include "runtime/config/value.h"

namespace titan::config {
namespace {

const char* const kConverters[] = {"quantize.linear.float8", "quantize.grouped_mm.float8", "quantize.linear.mx",
                                   "quantize.grouped_mm.mx"};

/// "float8" of "quantize.linear.float8".
std::string number_format(const std::string& converter) { return converter.substr(converter.rfind('.') + 1); }

void check_converter_names(const std::vector<std::string>& converters) {
  const std::vector<std::string> known(std::begin(kConverters), std::end(kConverters));
  for (const auto& name : converters) {
    if (contains(known, name)) continue;
    std::string hint = did_you_mean(name, known);
    if (name == "float8" || name == "mx") hint = "; did you mean 'quantize.linear." + name + "'?";
    std::string list;
    for (const auto& choice : known) list += (list.empty() ? "" : ", ") + choice;
    throw ConfigError("model.converters", "must be among " + list + "; found " + in_quotes(name) + hint);
  }
  for (const auto& name : converters) {
    if (number_format(name) == number_format(converters.front())) continue;
    throw ConfigError("model.converters", "Cannot combine model converters with different quantization types: " +
                                              converters.front() + ", " + name);
  }
}

void check_float8(const Float8LinearSection& float8) {
  if (!float8.recipe_name) return;
  if (float8.enable_fsdp_float8_all_gather) {
    throw ConfigError("quantize.linear.float8.enable_fsdp_float8_all_gather",
                      "works without a recipe only (tensorwise scales), found quantize.linear.float8.recipe_name = " +
                          *float8.recipe_name);
  }
  if (*float8.recipe_name == "rowwise_with_gw_hp" && contains(float8.filter_fqns, "auto_filter_small_kn")) {
    throw ConfigError(
        "quantize.linear.float8.filter_fqns",
        "auto_filter_small_kn has no thresholds for quantize.linear.float8.recipe_name = rowwise_with_gw_hp");
  }
}

void check_grouped_float8(const ParallelismSection& parallelism) {
  const auto refuse = [](const char* key, int64_t degree) {
    throw ConfigError(key, "must be 1 with the converter quantize.grouped_mm.float8, found " + std::to_string(degree));
  };
  if (parallelism.pipeline_parallel_degree > 1) {
    refuse("parallelism.pipeline_parallel_degree", parallelism.pipeline_parallel_degree);
  }
  if (parallelism.context_parallel_degree > 1) {
    refuse("parallelism.context_parallel_degree", parallelism.context_parallel_degree);
  }
}

}  // namespace

void check_quantization(const JobConfig& config) {
  const auto& converters = config.model.converters;
  check_converter_names(converters);
  if (contains(converters, "quantize.linear.float8")) check_float8(config.quantize.linear.float8);
  if (contains(converters, "quantize.grouped_mm.float8")) check_grouped_float8(config.parallelism);
  const bool model_is_compiled = config.compile.enable && contains(config.compile.components, "model");
  if (contains(converters, "quantize.linear.mx") && config.parallelism.tensor_parallel_degree > 1 &&
      model_is_compiled) {
    throw ConfigError("model.converters",
                      "TP not yet supported with torch.compile for mxfp8: quantize.linear.mx needs "
                      "parallelism.tensor_parallel_degree 1 or no compiled model");
  }
}

}  // namespace titan::config
