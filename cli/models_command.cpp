#include "cli/models_command.h"

#include <iomanip>
#include <nlohmann/json.hpp>
#include <ostream>

#include "models/registry.h"

namespace titan::cli {
namespace {

void print_json(const std::vector<train::ModelSpec>& models, int64_t seq_len, std::ostream& out) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& model : models) {
    list.push_back({{"name", model.name},
                    {"flavor", model.flavor},
                    {"num_parameters", model.num_parameters},
                    {"flops_per_token", static_cast<int64_t>(model.flops_per_token(seq_len))},
                    {"seq_len", seq_len},
                    {"num_layers", model.dims.num_layers},
                    {"dim", model.dims.dim},
                    {"num_heads", model.dims.num_heads},
                    {"num_kv_heads", model.dims.num_kv_heads},
                    {"ffn_hidden", model.dims.ffn_hidden},
                    {"vocab_size", model.dims.vocab_size}});
  }
  out << list.dump(2) << "\n";
}

void print_table(const std::vector<train::ModelSpec>& models, int64_t seq_len, std::ostream& out) {
  const auto row = [&out](auto name, auto flavor, auto parameters, auto flops, auto layers, auto dim, auto heads,
                          auto kv_heads, auto ffn, auto vocabulary) {
    out << std::left << std::setw(8) << name << std::setw(12) << flavor << std::right << std::setw(15) << parameters
        << std::setw(16) << flops << std::setw(8) << layers << std::setw(7) << dim << std::setw(7) << heads
        << std::setw(10) << kv_heads << std::setw(7) << ffn << std::setw(12) << vocabulary << "\n";
  };
  row("name", "flavor", "parameters", "FLOPs/token", "layers", "dim", "heads", "kv heads", "ffn", "vocabulary");
  for (const auto& model : models) {
    row(model.name, model.flavor, model.num_parameters, static_cast<int64_t>(model.flops_per_token(seq_len)),
        model.dims.num_layers, model.dims.dim, model.dims.num_heads, model.dims.num_kv_heads, model.dims.ffn_hidden,
        model.dims.vocab_size);
  }
  out << "FLOPs per token of forward and backward at sequence length " << seq_len << " (--training.seq_len).\n";
}

}  // namespace

void print_models(const ModelsOptions& options, std::ostream& out) {
  const auto models = models::all_models();
  if (options.json) {
    print_json(models, options.seq_len, out);
  } else {
    print_table(models, options.seq_len, out);
  }
}

}  // namespace titan::cli
