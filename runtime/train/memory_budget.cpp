#include "runtime/train/memory_budget.h"

#include <ATen/ops/full.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "runtime/files/write_file.h"
#include "runtime/recompute/memory_budget.h"
#include "runtime/recompute/pareto_svg.h"
#include "runtime/recompute/survey.h"

namespace titan::train {
namespace {

using recompute::ParetoPoint;

// What one byte between ranks costs in operations of a matrix product: 989 TFLOP/s (H100 SXM, dense bfloat16) over 450
// GB/s (NVLink 4, one direction). Matmul and attention weigh alike per operation.
constexpr double kFlopsPerByte = 989e12 / 450e9;

/// One kind of block: the calls of its forward and the memory that its graph keeps.
struct Profile {
  std::vector<recompute::SurveyedCall> calls;
  int64_t graph_bytes = 0;
};

int64_t largest_on_any_rank(int64_t bytes, const BudgetInputs& inputs) {
  const auto stream = inputs.platform.stream(platform::StreamRole::compute);
  const auto number =
      at::full({}, static_cast<double>(bytes), at::TensorOptions(at::kDouble).device(inputs.platform.device()));
  inputs.world.all_reduce(number, comm::ReduceOp::max, stream).wait(stream);
  return static_cast<int64_t>(inputs.platform.read(number, static_cast<double>(bytes)));
}

// The difference that a forward makes, its output gone: what the graph holds.
Profile measure(unit::RunnerUnit& one, const BudgetInputs& inputs) {
  const auto scope = inputs.platform.annotate("memory_budget");
  one.sharding->begin_unshard();
  one.sharding->finish_unshard();
  recompute::Survey survey;
  unit::SavedForward saved;
  const int64_t before = inputs.platform.memory_stats().allocated_bytes;
  {
    const recompute::InterceptGuard guard(survey);
    inputs.platform.run_unit(
        {.unit = one.unit.get(), .phase = unit::Phase::forward, .arguments = {inputs.block_input}, .saved = &saved});
  }
  const int64_t graph_bytes = inputs.platform.memory_stats().allocated_bytes - before;
  saved = {};
  one.sharding->reshard();
  return {.calls = survey.calls(), .graph_bytes = largest_on_any_rank(graph_bytes, inputs)};
}

// What is not computed again costs nothing.
std::vector<recompute::Keepable> keepables(const Profile& profile, bool ends_linear) {
  std::vector<recompute::Keepable> items;
  std::vector<recompute::OpKind> kinds;
  for (const auto& one : profile.calls) {
    items.push_back({.bytes = one.output_bytes, .cost = one.call.flops + kFlopsPerByte * one.call.bytes});
    kinds.push_back(one.call.kind);
  }
  const size_t num_free = ends_linear ? recompute::num_unread(kinds) : 0;
  for (size_t i = items.size() - num_free; i < items.size(); ++i) items[i].cost = 0.0;
  return items;
}

/// Two units with the same name here compute alike: kind, configuration and sizes.
std::string kind_of(const unit::Unit& unit) {
  std::ostringstream text;
  text << unit.type();
  for (const nn::Parameter* parameter : unit.parameters()) text << ' ' << at::IntArrayRef(parameter->spec.box.size);
  return text.str();
}

std::string mib(int64_t bytes) {
  std::ostringstream text;
  text.precision(2);
  text << std::fixed << static_cast<double>(bytes) / 1048576.0 << " MiB";
  return text.str();
}

void report(const BudgetInputs& inputs, const unit::Unit& unit, const Profile& profile, const ParetoPoint& chosen,
            double most_cost) {
  const auto num_kept = std::count(chosen.kept.begin(), chosen.kept.end(), true);
  const auto percent = most_cost > 0.0 ? std::lround(100.0 * chosen.recomputed_cost / most_cost) : 0;
  std::ostringstream text;
  text << "Memory budget " << inputs.budget << ": a block like " << unit.full_name() << " keeps " << num_kept << " of "
       << chosen.kept.size() << " operator outputs, " << mib(chosen.kept_bytes) << " of " << mib(profile.graph_bytes)
       << ", and runs " << percent << " % of their operations again";
  inputs.log.info(text.str());
}

void draw(const BudgetInputs& inputs, const unit::Unit& unit, const Profile& profile,
          const std::vector<ParetoPoint>& frontier) {
  if (inputs.svg_folder.empty() || inputs.platform.world().rank != 0) return;
  files::make_folder(inputs.svg_folder);
  files::write_file(inputs.svg_folder + "/" + unit.full_name() + ".svg",
                    recompute::pareto_svg({.title = "Memory budget of " + unit.full_name() + ", " + unit.type(),
                                           .frontier = frontier,
                                           .full_bytes = profile.graph_bytes,
                                           .budget = inputs.budget}));
}

std::shared_ptr<const recompute::SavePolicy> decide(unit::RunnerUnit& one, const BudgetInputs& inputs) {
  const Profile profile = measure(one, inputs);
  const auto frontier = recompute::pareto_frontier(keepables(profile, one.unit->ends_linear()));
  const auto budget_bytes = static_cast<int64_t>(inputs.budget * static_cast<double>(profile.graph_bytes));
  const auto& chosen = recompute::choose_within(frontier, budget_bytes);
  draw(inputs, *one.unit, profile, frontier);
  if (inputs.budget >= 1.0) return nullptr;
  report(inputs, *one.unit, profile, chosen, frontier.front().recomputed_cost);
  return recompute::keep_chosen(chosen.kept);
}

}  // namespace

void apply_memory_budget(const BudgetInputs& inputs, std::vector<unit::RunnerUnit>& units) {
  std::map<std::string, std::shared_ptr<const recompute::SavePolicy>> decided;
  for (size_t i = 1; i + 1 < units.size(); ++i) {
    const auto kind = kind_of(*units[i].unit);
    if (!decided.contains(kind)) decided[kind] = decide(units[i], inputs);
    units[i].checkpoint = decided[kind];
  }
}

}  // namespace titan::train
