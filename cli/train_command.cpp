#include "cli/train_command.h"

#include <ATen/Context.h>
#include <c10/core/AutogradState.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "cli/command.h"
#include "cli/job.h"
#include "cli/launch.h"
#include "cli/prediction.h"
#include "cli/ranks_limit.h"
#include "cli/run_rank.h"
#include "cli/train_simulated.h"
#include "cli/world.h"
#include "models/registry.h"
#include "runtime/comm/fake_communicator.h"
#include "runtime/comm/gloo_world.h"
#include "runtime/config/config_error.h"
#include "runtime/config/rules/validate.h"
#include "runtime/platform/cpu_platform.h"
#include "runtime/platform/cuda_plugin.h"
#include "runtime/platform/memory_counter.h"
#include "runtime/platform/rank_threads.h"

namespace titan::cli {
namespace {

constexpr const char* kTrainHelp =
    "usage: titan train [--config FILE] [--section.key value]...\n\n"
    "Trains a model. Without --config it trains llama3_tiny on the text shipped with titan, which takes under a minute "
    "on two\n"
    "cores. FILE is a path or the end of a shipped file's name: `--config 8b` is llama3_8b.\n\n"
    "worlds:\n"
    "  titan train                              one process\n"
    "  NGPU=4 titan train                       4 local processes, connected by Gloo\n"
    "  COMM_MODE=local_tensor NGPU=8 titan train  8 ranks as threads of one process\n"
    "  COMM_MODE=fake_backend NGPU=512 titan train  512 ranks on simulated GPUs: predicted memory and tokens per "
    "second\n"
    "  COMM_MODE=fake_backend NGPU=512 titan train --titan.device cpu  one real rank (RANK, default 0) with imagined "
    "peers\n"
    "  torchrun --no-python …, srun …           ranks started by others\n\n"
    "LOG_RANK chooses whose lines are shown. Every key of the configuration:\n";

bool is_shown(const Job& job, int rank) {
  const auto& ranks = job.loaded.log_ranks;
  return std::find(ranks.begin(), ranks.end(), rank) != ranks.end();
}

std::chrono::milliseconds seconds(int64_t count) { return std::chrono::milliseconds(1000 * count); }

platform::CudaPlugin& load_cuda() {
  try {
    auto& plugin = platform::load_cuda_plugin(platform::program_folder());
    if (plugin.num_devices() > 0) return plugin;
    throw std::runtime_error(plugin.why_no_device());
  } catch (const std::runtime_error& error) {
    throw config::ConfigError("titan.device", std::string("no GPU was found: ") + error.what());
  }
}

void train_cuda(const Job& job, const train::ModelSpec& model, const RunInputs& inputs, platform::CudaPlugin& plugin,
                RankOptions options) {
  const auto platform = plugin.make_platform({});
  run_rank(job, model, inputs, *platform, options);
}

void train_solo(const Job& job, const train::ModelSpec& model, const RunInputs& inputs, RankOptions options) {
  platform::CpuPlatform platform(platform::World{}, nullptr);
  run_rank(job, model, inputs, platform, options);
}

void train_threads(const Job& job, const train::ModelSpec& model, const RunInputs& inputs, const WorldPlan& plan,
                   RankOptions options) {
  platform::run_rank_threads(plan.world.size, [&](platform::Platform& platform) {
    RankOptions mine = options;
    mine.log = is_shown(job, platform.world().rank);
    run_rank(job, model, inputs, platform, mine);
  });
}

void train_fake(const Job& job, const train::ModelSpec& model, const RunInputs& inputs, const WorldPlan& plan,
                RankOptions options) {
  const auto connect = [&plan](const std::vector<int>& ranks,
                               std::string_view name) -> std::unique_ptr<comm::Communicator> {
    const auto place = std::find(ranks.begin(), ranks.end(), plan.world.rank) - ranks.begin();
    return std::make_unique<comm::FakeCommunicator>(static_cast<int>(place), static_cast<int>(ranks.size()),
                                                    std::string(name));
  };
  platform::CpuPlatform platform(plan.world, connect);
  run_rank(job, model, inputs, platform, options);
}

void train_processes(const Job& job, const train::ModelSpec& model, const RunInputs& inputs, const WorldPlan& plan,
                     RankOptions options) {
  const auto& timeouts = job.config.comm;
  comm::GlooWorld world({.world = plan.world,
                         .store = plan.store,
                         .rank_0_serves = plan.rank_0_serves,
                         .timeout = seconds(timeouts.init_timeout_seconds)});
  options.after_first_step = [&] { world.set_timeout(seconds(timeouts.train_timeout_seconds)); };
  platform::CpuPlatform platform(plan.world, [&world](const std::vector<int>& ranks, std::string_view name) {
    return world.make_communicator(ranks, name);
  });
  try {
    run_rank(job, model, inputs, platform, options);
  } catch (const std::exception& error) {
    world.abort(error.what());
    throw;
  }
}

int launch_processes(const std::vector<std::string>& arguments, const WorldPlan& plan) {
  LaunchOptions options{.num_procs = plan.world.size, .arguments = {"train"}, .environment = current_environment()};
  options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
  options.log_ranks = log_ranks(options.environment, plan.world.size);
  return launch(options);
}

WorldPlan plan_world(const Job& job) {
  WorldSettings settings{.comm_mode = job.config.comm.mode};
  settings.num_fake_ranks = static_cast<int>(num_imagined_ranks(job));
  return decide_world(current_environment(), settings);
}

// Without a world to run in, a configuration is checked for the number of GPUs that it names.
int64_t printed_world_size(const Job& job, const WorldPlan& plan) {
  const bool named = plan.kind == WorldKind::solo && !job.loaded.num_gpus && job.hardware.num_gpus;
  return named ? *job.hardware.num_gpus : plan.world.size;
}

void suggest_next(const Job& job) {
  if (job.loaded.given("job.config_file")) return;
  std::puts(
      "\nNext:\n"
      "  NGPU=2 ./titan train                           the same on two processes\n"
      "  COMM_MODE=local_tensor NGPU=8 ./titan train    the same on eight ranks as threads\n"
      "  ./titan train --training.steps 200 --optimizer.lr 4e-4    any key of the configuration\n"
      "  ./titan train --help                           all keys, with their meaning");
  std::printf("Metrics of this run: %s/metrics.jsonl\n", job.config.job.dump_folder.c_str());
}

void train_here(const Job& job, const train::ModelSpec& model, const RunInputs& inputs, const WorldPlan& plan,
                const RankOptions& options, platform::CudaPlugin* cuda) {
  c10::AutogradState::get_tls_state().set_multithreading_enabled(false);
  const auto& debug = job.config.debug;
  at::globalContext().setDeterministicAlgorithms(debug.deterministic, debug.deterministic_warn_only);
  platform::install_counting_allocator();
  switch (plan.kind) {
    case WorldKind::threads:
      return train_threads(job, model, inputs, plan, options);
    case WorldKind::fake:
      return train_fake(job, model, inputs, plan, options);
    case WorldKind::processes:
      return train_processes(job, model, inputs, plan, options);
    default:
      if (cuda) return train_cuda(job, model, inputs, *cuda, options);
      return train_solo(job, model, inputs, options);
  }
}

}  // namespace

int train_command(const std::vector<std::string>& arguments) {
  if (asks_for_help(arguments)) return print_help(kTrainHelp);
  const auto job = load_job(arguments, "llama3_tiny");
  const WorldPlan plan = plan_world(*job);
  const auto model = models::find_model(job->config.model.name, job->config.model.flavor);
  RankOptions options;
  if (job->config.job.print_config) return print_config(*job, model, printed_world_size(*job, plan));
  if (plan.kind == WorldKind::fake && job->titan.device != "cpu") return train_simulated(*job, model, plan);
  if (plan.kind == WorldKind::threads) check_ranks("NGPU", plan.world.size, kTrainingThreads);
  if (plan.kind == WorldKind::launch) check_ranks("NGPU", plan.world.size, kTrainingProcesses);
  options.notices = check_job(*job, model, plan);
  auto* cuda = job->titan.device == "cuda" ? &load_cuda() : nullptr;  // before LibTorch looks for accelerators
  const RunInputs inputs = open_inputs(*job, model);
  if (plan.kind == WorldKind::launch) return launch_processes(arguments, plan);
  train_here(*job, model, inputs, plan, options, cuda);
  if (plan.kind != WorldKind::processes) suggest_next(*job);
  return kOk;
}

}  // namespace titan::cli
