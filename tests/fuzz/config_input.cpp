#include "tests/fuzz/config_input.h"

#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/config/command_line.h"
#include "runtime/config/config_error.h"
#include "runtime/config/declare.h"
#include "runtime/config/print_config.h"
#include "runtime/config/rules/runnable.h"
#include "runtime/config/rules/validate.h"
#include "runtime/config/toml_file.h"

namespace titan::fuzz {
namespace {

constexpr std::string_view kMark = "\n#arguments\n";

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void load(const config::Schema& schema, std::string_view toml, std::string_view arguments) {
  config::load_toml(schema, toml, "fuzz.toml");
  for (auto& option : config::parse_command_line(schema, split_lines(arguments)))
    option.field->assign(std::move(option.value));
}

void check_round_trip(const config::Schema& schema) {
  config::JobConfig again;
  config::Schema second;
  config::declare(second, again);
  // A key that was set to none from a default that is not cannot be written in TOML.
  again.parallelism.context_parallel_load_balancer.reset();
  again.parallelism.pipeline_parallel_schedule_csv.reset();
  try {
    config::load_toml(second, config::config_toml(schema), "printed.toml");
  } catch (const config::ConfigError& error) {
    // A command line may hold bytes that are not UTF-8, which TOML refuses.
    const bool is_not_text = config::config_json(schema).find("\xef\xbf\xbd") != std::string::npos;
    if (!is_not_text) throw std::logic_error(std::string("what was printed does not load: ") + error.what());
    return;
  }
  if (config::config_toml(second) != config::config_toml(schema))
    throw std::logic_error("what was printed loads differently");
}

}  // namespace

void try_config(std::string_view input) {
  const size_t mark = input.find(kMark);
  const std::string_view toml = input.substr(0, mark);
  const std::string_view arguments = mark == std::string_view::npos ? "" : input.substr(mark + kMark.size());
  config::JobConfig config;
  config::Schema schema;
  config::declare(schema, config);
  try {
    load(schema, toml, arguments);
    check_round_trip(schema);
    config::validate(config, {.world_size = 8, .model = config::ModelDims{6, 256, 16, 16, 768, 2048}});
    config::check_runnable(config, config::RunKind::kImagined, {"llama3", "llama2"});
  } catch (const config::ConfigError& error) {
    const std::string text = error.what();
    if (text.find('\n') != std::string::npos) throw std::logic_error("an error of several lines: " + text);
  }
}

}  // namespace titan::fuzz
