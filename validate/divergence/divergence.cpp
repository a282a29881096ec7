#include "validate/divergence/divergence.h"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "runtime/comm/communicator.h"
#include "runtime/platform/rank_threads.h"
#include "validate/divergence/lockstep_rank.h"
#include "validate/divergence/reference_run.h"

namespace titan::validate {
namespace {

/// What the ranks share. The reference changes between two barriers that all ranks pass, while the others wait.
struct Shared {
  ReferenceStep reference;
  std::atomic<bool> diverged = false;
  int64_t num_steps = 0;  // rank 0 counts
  std::vector<RankFindings> findings;
};

std::vector<int> all_ranks(int count) {
  std::vector<int> ranks(static_cast<size_t>(count));
  std::iota(ranks.begin(), ranks.end(), 0);
  return ranks;
}

std::string step_line(int64_t step, const DivergenceOptions& options, const Shared& shared) {
  const std::string head = "step " + std::to_string(step) + " of " + std::to_string(options.num_steps) + ": ";
  return head + (shared.diverged ? "differs from the reference" : "agrees");
}

/// The loop of one rank; the reference runs on rank 0's thread while the others wait.
class Lockstep {
 public:
  Lockstep(const DivergenceOptions& options, platform::Platform& platform, Shared& shared)
      : options_(options),
        shared_(shared),
        is_first_(platform.world().rank == 0),
        findings_(shared.findings.at(static_cast<size_t>(platform.world().rank))),
        barrier_(platform.make_communicator(all_ranks(options.world_size), "lockstep")),
        rank_(options, platform, findings_) {
    if (is_first_) reference_ = std::make_unique<ReferenceRun>(options, rank_.global_rows());
  }

  void run() {
    publish([this] { return reference_->initial(); });
    rank_.compare_initial(shared_.reference);
    if (agree_that_differs()) return;
    for (int64_t step = 1; step <= options_.num_steps; ++step) {
      publish([this, step] { return reference_->run(step); });
      if (!shared_.reference.fault.empty()) return;
      const std::exception_ptr stopped = rank_.run_step(step, shared_.reference);
      const bool differs = agree_that_differs();
      if (is_first_) end_step(step);
      if (differs) return;
      if (stopped) std::rethrow_exception(stopped);
    }
  }

 private:
  template <class Compute>
  void publish(Compute compute) {
    if (is_first_) {
      shared_.reference = {};  // the last step's activations go before the next ones come
      shared_.reference = compute();
    }
    barrier_->barrier();
  }

  bool agree_that_differs() {
    if (findings_.first) shared_.diverged = true;
    barrier_->barrier();
    return shared_.diverged;
  }

  void end_step(int64_t step) {
    shared_.num_steps = step;
    if (options_.progress) options_.progress(step_line(step, options_, shared_));
  }

  const DivergenceOptions& options_;
  Shared& shared_;
  bool is_first_;
  RankFindings& findings_;
  std::unique_ptr<comm::Communicator> barrier_;
  LockstepRank rank_;
  std::unique_ptr<ReferenceRun> reference_;
};

void take_growth(const std::vector<UnitErrors>& growth, DivergenceReport& report) {
  if (report.growth.empty()) report.growth = growth;
  for (size_t i = 0; i < growth.size(); ++i) {
    UnitErrors& unit = report.growth[i];
    unit.forward = std::max(unit.forward, growth[i].forward);
    unit.backward = std::max(unit.backward, growth[i].backward);
    unit.update = std::max(unit.update, growth[i].update);
  }
}

// An error this many times another's at the same place of the run is its cause: what one rank did wrong reaches the
// others, much weakened, through later collectives of the same unit.
constexpr double kCauseFactor = 10.0;

// Ranks come in ascending order, so of those that are off by about the same the lowest stays.
bool comes_first(const Divergence& one, const Divergence& other) {
  if (one.order != other.order) return one.order < other.order;
  return !(one.error <= kCauseFactor * other.error);
}

DivergenceReport merge(const DivergenceOptions& options, const Shared& shared) {
  DivergenceReport report{.world_size = options.world_size,
                          .num_steps = shared.num_steps,
                          .tolerance = options.tolerance,
                          .reference_fault = shared.reference.fault};
  for (const auto& one : shared.findings) {
    report.num_tensors += one.num_tensors;
    if (one.largest_error >= report.largest_error) {
      report.largest_error = one.largest_error;
      report.largest_where = one.largest_where;
    }
    if (one.first && (!report.first || comes_first(*one.first, *report.first))) report.first = one.first;
    take_growth(one.growth, report);
  }
  return report;
}

}  // namespace

const char* name_of(Stage stage) {
  switch (stage) {
    case Stage::initialisation:
      return "initialisation";
    case Stage::forward:
      return "forward";
    case Stage::backward:
      return "backward";
    case Stage::clip:
      return "clip";
    case Stage::optimizer:
      return "optimizer";
  }
  return "";
}

const char* name_of(Mismatch mismatch) {
  switch (mismatch) {
    case Mismatch::values:
      return "values";
    case Mismatch::missing:
      return "missing";
    case Mismatch::unexpected:
      return "unexpected";
  }
  return "";
}

DivergenceReport find_divergence(const DivergenceOptions& options) {
  Shared shared;
  shared.findings.resize(static_cast<size_t>(options.world_size));
  platform::run_rank_threads(options.world_size,
                             [&](platform::Platform& platform) { Lockstep(options, platform, shared).run(); });
  return merge(options, shared);
}

}  // namespace titan::validate
