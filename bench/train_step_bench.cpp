// Whole training steps of configs/train/llama3_tiny.toml: on one rank against the same step in PyTorch eager on as many
// threads, and of four FSDP rank threads against as many ranks that train alone. The contestants take turns; a side's
// time is its best round's median, so that what else the machine does disturbs both alike.
#include <ATen/Parallel.h>
#include <ATen/ops/randint.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "bench/comparison.h"
#include "bench/peer.h"
#include "models/registry.h"
#include "runtime/config/declare.h"
#include "runtime/config/load_config.h"
#include "runtime/platform/cpu_platform.h"
#include "runtime/platform/rank_threads.h"
#include "runtime/train/session.h"
#include "runtime/train/train_step.h"

namespace titan {
namespace {

constexpr int kWarmupSteps = 2;
constexpr int kStepsPerRound = 6;
constexpr int kRounds = 4;
constexpr int kNumRanks = 4;
constexpr int kRowsPerRank = 2;

config::JobConfig tiny_config(const std::vector<std::string>& arguments) {
  config::JobConfig config;
  config::Schema schema;
  config::declare(schema, config);
  config::load_config(schema, {.arguments = arguments,
                               .config_folder = TITAN_SOURCE_DIR "/configs/train",
                               .default_config = "llama3_tiny.toml"});
  return config;
}

double seconds_of(const std::function<void()>& call) {
  const auto begin = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// One rank in training, on random tokens that change from step to step.
class Rank {
 public:
  Rank(const config::JobConfig& config, const train::ModelSpec& model, platform::Platform& platform)
      : log_(std::cout, {.quiet = true}),
        session_({.config = config, .model = model, .platform = platform, .log = log_}) {
    for (int i = 0; i < kWarmupSteps; ++i) step();
  }

  /// Seconds of the step alone.
  double step() {
    const auto& training = session_.config().training;
    const auto tokens = at::randint(session_.model_spec().dims.vocab_size,
                                    {training.local_batch_size, training.seq_len + 1}, at::kLong);
    const data::Batch batch{.tokens = tokens.narrow(1, 0, training.seq_len).contiguous(),
                            .labels = tokens.narrow(1, 1, training.seq_len).contiguous()};
    return seconds_of([&] { train::train_step(session_, batch, ++num_steps_, session_.config().optimizer.lr); });
  }

 private:
  metrics::Logger log_;
  train::Session session_;
  int64_t num_steps_ = 0;
};

double median_step(Rank& rank) {
  std::vector<double> seconds;
  for (int i = 0; i < kStepsPerRound; ++i) seconds.push_back(rank.step());
  return bench::median(seconds);
}

/// Median step of PyTorch eager with the faster of its two attentions (fused kernel, written out).
double median_eager_step(const config::JobConfig& config, const std::string& dtype) {
  const auto output = bench::run_peer(
      "validate/step_time.py",
      {"--model", config.model.flavor, "--batch", std::to_string(config.training.local_batch_size), "--seq-len",
       std::to_string(config.training.seq_len), "--threads", std::to_string(at::get_num_threads()), "--steps",
       std::to_string(kStepsPerRound), "--warmup", std::to_string(kWarmupSteps), "--dtype", dtype});
  const auto result = nlohmann::json::parse(output);
  return std::min(result.at("sdpa").at("median_s").get<double>(), result.at("plain").at("median_s").get<double>());
}

config::JobConfig step_config(const std::string& dtype, bool is_fused) {
  return tiny_config(
      {"--training.mixed_precision_param", dtype, is_fused ? "--compile.enable" : "--compile.no_enable"});
}

std::string step_name(const config::JobConfig& config) {
  return "train step " + config.model.flavor + " " + config.training.mixed_precision_param + " batch " +
         std::to_string(config.training.local_batch_size) + " x " + std::to_string(config.training.seq_len) + ", " +
         std::to_string(at::get_num_threads()) + " threads";
}

void against_pytorch(benchmark::State& state, const std::string& dtype, bool is_fused) {
  const auto config = step_config(dtype, is_fused);
  const bool has_peer = !bench::peer_python().empty();
  const auto model = models::find_model(config.model.name, config.model.flavor);
  platform::CpuPlatform platform({}, {});
  Rank rank(config, model, platform);
  double ours_s = std::numeric_limits<double>::infinity(), eager_s = ours_s;
  for (auto _ : state) {
    for (int round = 0; round < kRounds; ++round) {
      ours_s = std::min(ours_s, median_step(rank));
      if (has_peer) eager_s = std::min(eager_s, median_eager_step(config, dtype));
    }
    state.SetIterationTime(ours_s);
  }
  if (!has_peer) return state.SetLabel(std::string("comparison with PyTorch eager ") + bench::kNoPeer);
  bench::report(state, {.name = step_name(config),
                        .ours = {is_fused ? "titan fused" : "titan eager", ours_s},
                        .other = {dtype == "float32" ? "PyTorch eager" : "PyTorch eager under autocast", eager_s},
                        .bound = is_fused ? "at least 1.25x" : "at least 1.0x"});
}

void fused_against_plain(benchmark::State& state, const std::string& dtype) {
  const auto fused_config = step_config(dtype, true), plain_config = step_config(dtype, false);
  const auto model = models::find_model(fused_config.model.name, fused_config.model.flavor);
  platform::CpuPlatform platform({}, {});
  Rank fused(fused_config, model, platform), plain(plain_config, model, platform);
  double fused_s = std::numeric_limits<double>::infinity(), plain_s = fused_s;
  for (auto _ : state) {
    for (int round = 0; round < kRounds; ++round) {
      fused_s = std::min(fused_s, median_step(fused));
      plain_s = std::min(plain_s, median_step(plain));
    }
    state.SetIterationTime(fused_s);
  }
  bench::report(state, {.name = step_name(fused_config),
                        .ours = {"titan fused", fused_s},
                        .other = {"titan eager", plain_s},
                        .bound = "at least 1.25x"});
}

/// Seconds per step from the moment when all ranks begin a round to the one when the last has ended it.
double round_of_all(Rank& rank, comm::Communicator& everyone) {
  everyone.barrier();
  return seconds_of([&] {
           for (int i = 0; i < kStepsPerRound; ++i) rank.step();
           everyone.barrier();
         }) /
         kStepsPerRound;
}

struct Times {
  std::vector<double> fsdp, alone;
};

/// Every rank thread trains in two worlds by turns: as one of the FSDP ranks and as the only rank of its own.
Times fsdp_and_alone(const config::JobConfig& config, platform::Platform& platform) {
  const auto model = models::find_model(config.model.name, config.model.flavor);
  std::vector<int> ranks(kNumRanks);
  std::iota(ranks.begin(), ranks.end(), 0);
  const auto everyone = platform.make_communicator(ranks, "bench");
  platform::CpuPlatform own_world({}, {});
  Rank fsdp(config, model, platform), alone(config, model, own_world);
  Times times;
  for (int round = 0; round < kRounds; ++round) {
    times.fsdp.push_back(round_of_all(fsdp, *everyone));
    times.alone.push_back(round_of_all(alone, *everyone));
  }
  return times;
}

void fsdp_against_plain(benchmark::State& state, const std::string& dtype) {
  const auto config = tiny_config(
      {"--training.mixed_precision_param", dtype, "--training.local_batch_size", std::to_string(kRowsPerRank)});
  Times times;
  for (auto _ : state) {
    platform::run_rank_threads(kNumRanks, [&](platform::Platform& platform) {
      auto mine = fsdp_and_alone(config, platform);
      if (platform.world().rank == 0) times = std::move(mine);
    });
    state.SetIterationTime(*std::min_element(times.fsdp.begin(), times.fsdp.end()));
  }
  bench::report(state, {.name = "train step " + config.model.flavor + " " + dtype + " on " + std::to_string(kNumRanks) +
                                " rank threads, batch " + std::to_string(kRowsPerRank) + " x " +
                                std::to_string(config.training.seq_len) + " each",
                        .ours = {"FSDP", *std::min_element(times.fsdp.begin(), times.fsdp.end())},
                        .other = {"each alone", *std::min_element(times.alone.begin(), times.alone.end())},
                        .ratio = bench::Ratio::cost,
                        .bound = "at most 1.25x"});
}

void once(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(against_pytorch, eager_float32, "float32", false)->Apply(once);
BENCHMARK_CAPTURE(against_pytorch, eager_bfloat16, "bfloat16", false)->Apply(once);
BENCHMARK_CAPTURE(against_pytorch, fused_float32, "float32", true)->Apply(once);
BENCHMARK_CAPTURE(against_pytorch, fused_bfloat16, "bfloat16", true)->Apply(once);
BENCHMARK_CAPTURE(fused_against_plain, float32, "float32")->Apply(once);
BENCHMARK_CAPTURE(fused_against_plain, bfloat16, "bfloat16")->Apply(once);
BENCHMARK_CAPTURE(fsdp_against_plain, float32, "float32")->Apply(once);

}  // namespace
}  // namespace titan
