#include "tests/estimator/report/sample_estimate.h"

#include <algorithm>
#include <cmath>

namespace titan::estimator {
namespace {

constexpr double kGiB = 0x1p30;

int64_t gib(double amount) { return static_cast<int64_t>(amount * kGiB); }

/// Fills peaks from categories: reserved and device follow by what is given.
RoleMemory role(std::map<std::string, int64_t> categories, double held_gib, double nccl_gib) {
  RoleMemory role;
  for (const auto& [name, bytes] : categories) role.peak_allocated_bytes += bytes;
  role.categories = std::move(categories);
  role.peak_reserved_bytes = role.peak_allocated_bytes + gib(held_gib);
  role.beside_allocator = {{"context", gib(0.52)}, {"modules", gib(0.31)}, {"nccl", gib(nccl_gib)}};
  role.device_used_bytes = role.peak_reserved_bytes;
  for (const auto& [name, bytes] : role.beside_allocator) role.device_used_bytes += bytes;
  role.first_step = {{"peak_allocated", role.peak_allocated_bytes - gib(2.5)},
                     {"peak_reserved", role.peak_reserved_bytes - gib(2.0)}};
  role.steady = {{"peak_allocated", role.peak_allocated_bytes}, {"peak_reserved", role.peak_reserved_bytes}};
  return role;
}

void set_step_time(Estimate& estimate) {
  const TimeBreakdown& time = estimate.time;
  estimate.step_time_s = time.total_compute_s() + time.total_exposed_s() + time.idle_s;
  estimate.step_times_s = {1.25 * estimate.step_time_s, estimate.step_time_s};
}

/// Bytes of each category at one moment of a step: activations rise and fall, gradients appear in backward.
std::vector<int64_t> bytes_at(const RoleMemory& role, const std::vector<std::string>& categories, double phase) {
  const double wave = phase < 0.5 ? phase / 0.5 : (1.0 - phase) / 0.5;
  std::vector<int64_t> bytes;
  for (const std::string& name : categories) {
    const auto whole = static_cast<double>(role.categories.at(name));
    double share = 1.0;
    if (name == "activations") share = wave;
    if (name == "gradients") share = phase > 0.52 && phase < 0.97 ? (phase - 0.5) / 0.47 : 0.0;
    if (name == "logits and loss") share = phase > 0.46 && phase <= 0.5 ? 1.0 : 0.0;
    if (name == "FSDP buffers" || name == "temporary") share = 0.5 + 0.5 * std::fmod(phase * 64.0, 1.0);
    bytes.push_back(phase == 0.5 ? static_cast<int64_t>(whole) : static_cast<int64_t>(whole * share));
  }
  return bytes;
}

MemoryCurve curve(const RoleMemory& role, double step_time_s) {
  MemoryCurve curve;
  for (const auto& [name, bytes] : role.categories) curve.categories.push_back(name);
  for (int i = 0; i <= 400; ++i) {
    curve.samples.push_back({step_time_s * i / 400.0, bytes_at(role, curve.categories, i / 400.0)});
  }
  return curve;
}

/// Blocks forward, then backward, each a few operators and the collectives around them.
std::vector<Lane> timeline(double step_time_s) {
  constexpr int kBlocks = 32;
  std::vector<Lane> lanes = {{"host", {}}, {"compute", {}}, {"all_gather", {}}, {"reduce_scatter", {}}};
  const double forward = step_time_s / 3.0 / kBlocks;
  double now = 0.0;
  for (int i = 0; i < 2 * kBlocks; ++i) {
    const bool backward = i >= kBlocks;
    const double block = backward ? 2.0 * forward : forward;
    const std::string unit = "layers." + std::to_string(backward ? 2 * kBlocks - 1 - i : i);
    const std::string phase = backward ? "backward / " : "forward / ";
    lanes[0].spans.push_back({now * 0.8, now * 0.8 + block * 0.6, phase + unit, "host"});
    lanes[1].spans.push_back({now, now + block, phase + unit, "scope"});
    lanes[1].spans.push_back({now, now + block * 0.5, "aten::mm", "matmul"});
    lanes[1].spans.push_back({now + block * 0.5, now + block * 0.75, "titan::attention", "attention"});
    lanes[1].spans.push_back({now + block * 0.76, now + block * 0.95, "aten::mul", "memory"});
    lanes[2].spans.push_back({now, now + block * 0.4, "all_gather " + unit, "communication"});
    if (backward)
      lanes[3].spans.push_back({now + block * 0.3, now + block * 0.9, "reduce_scatter " + unit, "communication"});
    now += block;
  }
  return lanes;
}

double positive(std::mt19937_64& random, double lowest_exponent, double highest_exponent) {
  return std::pow(10.0, std::uniform_real_distribution(lowest_exponent, highest_exponent)(random));
}

int64_t count(std::mt19937_64& random, double highest_exponent) {
  return static_cast<int64_t>(positive(random, 0.0, highest_exponent)) - 1;
}

}  // namespace

Estimate small_sample() {
  Estimate estimate;
  estimate.subject = {.config = "llama3_8b",
                      .model = "llama3 8B",
                      .num_parameters = 8030261248,
                      .hardware = "h100_sxm_96gb_500w",
                      .cluster = "h100_ib_400g",
                      .software = "titan",
                      .calibration = {"h100_sxm_96gb_500w: fitted to published tables T1, T3 (2 factors)",
                                      "h100_ib_400g: UNCALIBRATED, vendor figures only"},
                      .notices = {"profiling.enable_profiling: has no influence on the prediction",
                                  "checkpoint.enable: saving is not part of the predicted step"},
                      .degrees = {{"dp_replicate", 1}, {"dp_shard", 8}, {"cp", 1}, {"tp", 1}, {"pp", 1}, {"ep", 1}},
                      .keys = {{"training.local_batch_size", "2"}, {"training.seq_len", "8192"}},
                      .world_size = 8,
                      .local_batch_size = 2,
                      .global_batch_size = 16,
                      .seq_len = 8192,
                      .checkpointing = "selective op",
                      .capacity_bytes = gib(94.5)};
  RoleMemory all = role({{"parameters", gib(3.74)},
                         {"optimizer", gib(7.48)},
                         {"gradients", gib(0.12)},
                         {"activations", gib(31.44)},
                         {"logits and loss", gib(23.48)},
                         {"FSDP buffers", gib(2.61)},
                         {"temporary", gib(0.03)}},
                        12.9, 0.41);
  all.multiplicity = 8;
  all.peak_where = "backward / loss";
  estimate.memory = {all};
  estimate.fits = true;
  estimate.time = {.compute_s = {{"matmul", 1.478}, {"attention", 0.569}, {"memory", 0.541}, {"tiny", 0.0021}},
                   .exposed_communication_s = {{"fsdp", 0.0712}},
                   .communication_s = 0.613,
                   .idle_s = 0.1814,
                   .bubble_s = 0.0,
                   .host_bound_s = 0.1211,
                   .host_s = 1.204};
  set_step_time(estimate);
  estimate.tokens_per_second_per_gpu = 2.0 * 8192.0 / estimate.step_time_s;
  estimate.tflops_per_gpu = estimate.tokens_per_second_per_gpu * 57914449920.0 / 1e12;
  estimate.mfu_percent = 100.0 * estimate.tflops_per_gpu / 989.0;
  estimate.tokens_interval = {0.94 * estimate.tokens_per_second_per_gpu, 1.06 * estimate.tokens_per_second_per_gpu};
  estimate.peak_reserved_interval = {static_cast<double>(gib(80.2)), static_cast<double>(gib(83.1))};
  estimate.coverage = {.measured = 0.62, .interpolated = 0.3, .model = 0.0796, .roofline = 0.0004};
  estimate.elapsed_s = 0.412;
  return estimate;
}

Estimate large_sample() {
  Estimate estimate = small_sample();
  Subject& subject = estimate.subject;
  subject.config = "llama3_405b";
  subject.model = "llama3 405B";
  subject.num_parameters = 405853388800;
  subject.degrees = {{"dp_replicate", 1}, {"dp_shard", 8}, {"cp", 1}, {"tp", 8}, {"pp", 8}, {"ep", 1}};
  subject.keys = {{"training.local_batch_size", "32"},
                  {"parallelism.tensor_parallel_degree", "8"},
                  {"parallelism.pipeline_parallel_degree", "8"},
                  {"parallelism.pipeline_parallel_schedule", "1F1B"},
                  {"activation_checkpoint.mode", "full"}};
  subject.world_size = 512;
  subject.local_batch_size = 32;
  subject.global_batch_size = 256;
  subject.checkpointing = "full";
  estimate.memory.clear();
  for (int pp = 0; pp < 8; ++pp) {
    RoleMemory stage = role({{"parameters", gib(pp == 0 || pp == 7 ? 2.95 : 2.83)},
                             {"optimizer", gib(5.7)},
                             {"gradients", gib(23.8)},
                             {"activations", gib(44.0 - 3.9 * pp)},
                             {"logits and loss", gib(pp == 7 ? 15.7 : 0.0)},
                             {"FSDP buffers", gib(12.2)},
                             {"temporary", gib(2.1)}},
                            4.3, 1.9);
    stage.pp_rank = pp;
    stage.multiplicity = 64;
    stage.peak_where = pp == 7 ? "backward / loss" : "backward / layers." + std::to_string(16 * pp);
    estimate.memory.push_back(stage);
  }
  estimate.fits = false;
  estimate.memory[0].out_of_memory = {
      "step 2 / backward / microbatch 3 / layers.12",
      "CUDA out of memory. Tried to allocate 1.00 GiB. GPU 0 has a total capacity of 94.50 GiB of which 512.00 MiB is "
      "free. Of the allocated memory 90.75 GiB is allocated by PyTorch, and 2.30 GiB is reserved by PyTorch but "
      "unallocated."};
  estimate.remedies = {
      {"--parallelism.pipeline_parallel_schedule Interleaved1F1B", gib(84.1), 121.4},
      {"--training.local_batch_size 24", gib(86.0), 92.7},
      {"--parallelism.tensor_parallel_degree 16 --parallelism.data_parallel_shard_degree 4", gib(71.2), 88.1}};
  estimate.time = {.compute_s = {{"matmul", 12.4}, {"attention", 2.9}, {"memory", 1.2}, {"tiny", 0.0008}},
                   .exposed_communication_s = {{"tp", 3.31}, {"fsdp", 0.52}, {"pp", 0.11}},
                   .communication_s = 9.8,
                   .idle_s = 20.4,
                   .bubble_s = 19.1,
                   .host_bound_s = 0.0,
                   .host_s = 4.4};
  set_step_time(estimate);
  estimate.tokens_per_second_per_gpu = 256.0 * 8192.0 / 512.0 / estimate.step_time_s;
  estimate.tflops_per_gpu = estimate.tokens_per_second_per_gpu * 2625449459712.0 / 1e12;
  estimate.mfu_percent = 100.0 * estimate.tflops_per_gpu / 989.0;
  estimate.tokens_interval = {0.91 * estimate.tokens_per_second_per_gpu, 1.08 * estimate.tokens_per_second_per_gpu};
  estimate.peak_reserved_interval = {static_cast<double>(gib(92.2)), static_cast<double>(gib(97.4))};
  return estimate;
}

void add_pictures(Estimate& estimate) {
  for (RoleMemory& memory : estimate.memory) memory.curve = curve(memory, estimate.step_time_s);
  estimate.timeline = timeline(estimate.step_time_s);
}

Estimate random_estimate(std::mt19937_64& random) {
  Estimate estimate = random() % 2 == 0 ? small_sample() : large_sample();
  for (RoleMemory& memory : estimate.memory) {
    memory.peak_allocated_bytes = 0;
    for (auto& [name, bytes] : memory.categories) {
      bytes = count(random, 12.0);
      memory.peak_allocated_bytes += bytes;
    }
    if (random() % 3 == 0) {
      const int64_t bytes = count(random, 9.0);
      memory.categories["category " + std::to_string(random() % 3)] = bytes;
      memory.peak_allocated_bytes += bytes;
    }
    memory.peak_reserved_bytes = memory.peak_allocated_bytes + count(random, 10.0);
    memory.device_used_bytes = memory.peak_reserved_bytes + count(random, 10.0);
    if (random() % 2 == 0) memory.beside_allocator.erase("nccl");
    memory.host_categories.clear();
    if (random() % 2 == 0) memory.host_categories["optimizer"] = count(random, 12.0);
    memory.peak_host_bytes = memory.host_categories.empty() ? 0 : memory.host_categories["optimizer"];
  }
  for (auto& [name, seconds] : estimate.time.compute_s) seconds = positive(random, -6.0, 2.0);
  for (auto& [axis, seconds] : estimate.time.exposed_communication_s) seconds = positive(random, -9.0, 1.0);
  estimate.time.bubble_s = positive(random, -6.0, 1.0);
  estimate.time.host_bound_s = positive(random, -6.0, 1.0);
  estimate.time.host_work_s = positive(random, -6.0, 0.0);
  estimate.time.idle_s =
      estimate.time.bubble_s + estimate.time.host_bound_s + estimate.time.host_work_s + positive(random, -6.0, 0.0);
  set_step_time(estimate);
  estimate.tokens_per_second_per_gpu = positive(random, -2.0, 7.0);
  estimate.mfu_percent = positive(random, -2.0, 2.0);
  estimate.fits = random() % 2 == 0;
  return estimate;
}

}  // namespace titan::estimator
