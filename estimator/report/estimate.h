#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

// What an estimate says, as a value: everything below is filled by estimator/simulate and read by the reports, which
// compute nothing of their own. Times in seconds, memory in bytes, rates in units per second.

namespace titan::estimator {

struct Interval {
  double low = 0.0, high = 0.0;
};

/// Bytes of a curve's categories at one moment.
struct MemorySample {
  double time_s = 0.0;         // since the step began
  std::vector<int64_t> bytes;  // by category, in the order of MemoryCurve.categories
};

/// Allocated memory over one steady step, thinned to what a picture can show; the peak is always among the samples.
struct MemoryCurve {
  std::vector<std::string> categories;
  std::vector<MemorySample> samples;
};

/// The allocator's state when a request failed.
struct OutOfMemory {
  std::string where;    // "step 1 / backward / layers.3"
  std::string message;  // as the allocator words it
};

/// Memory of one role: ranks that do the same. Peaks are over the whole run (first step and steady state).
struct RoleMemory {
  int pp_rank = 0, cp_rank = 0, ep_rank = 0;
  int64_t multiplicity = 1;
  int64_t peak_allocated_bytes = 0;
  int64_t peak_reserved_bytes = 0;
  int64_t device_used_bytes = 0;                      // reserved and what the process holds beside it
  std::map<std::string, int64_t> categories;          // "parameters" ...; sums exactly to peak_allocated_bytes
  std::string peak_where;                             // unit and phase that own the peak: "backward / layers.3"
  std::map<std::string, int64_t> first_step, steady;  // "peak_allocated", "peak_reserved", "requested"
  std::map<std::string, int64_t> beside_allocator;    // "context", "modules", "nccl", ...
  int64_t peak_host_bytes = 0;                        // of offloaded state, in the memory of this rank's host
  std::map<std::string, int64_t> host_categories;     // sums exactly to peak_host_bytes
  std::optional<OutOfMemory> out_of_memory;
  MemoryCurve curve;  // empty unless asked for
};

/// One stretch of work on a lane of the timeline.
struct Span {
  double begin_s = 0.0, end_s = 0.0;
  std::string name;  // unit, operator or collective
  std::string kind;  // "matmul", "attention", "memory", "communication", "scope", "host"
};

struct Lane {
  std::string name;  // "host", "compute", "all_gather", ...
  std::vector<Span> spans;
};

/// Where one step's time goes on the slowest role. compute + exposed + idle = step_time_s; the other parts say more
/// about them.
struct TimeBreakdown {
  std::map<std::string, double> compute_s;                // by class: matmul, attention, memory, tiny
  std::map<std::string, double> exposed_communication_s;  // by mesh axis; "host": copies to and from host memory
  double communication_s = 0.0;                           // all of it, hidden or not
  double idle_s = 0.0;
  double bubble_s = 0.0;      // part of idle: waiting for other pipeline stages
  double host_bound_s = 0.0;  // part of idle: nothing was issued
  double host_work_s = 0.0;   // part of idle: the host computes on its own memory
  double host_s = 0.0;        // the host's own work, beside the device

  double total_compute_s() const;
  double total_exposed_s() const;
};

/// Shares of the device's busy time by where its price comes from; sum 1.
struct Coverage {
  double measured = 0.0, interpolated = 0.0, model = 0.0, roofline = 0.0;
};

/// A change of one setting that makes a configuration fit, and what it costs.
struct Remedy {
  std::string change;  // "--activation_checkpoint.mode full"
  int64_t device_used_bytes = 0;
  double tokens_per_second_per_gpu = 0.0;
};

/// What the estimate is about.
struct Subject {
  std::string config;  // name or path as given
  std::string model;   // "llama3 405B"
  int64_t num_parameters = 0;
  std::string hardware, cluster, software;
  std::vector<std::string> calibration;     // one line per file: calibrated how, or UNCALIBRATED
  std::vector<std::string> notices;         // accepted settings without influence on the prediction
  std::map<std::string, int64_t> degrees;   // "dp_replicate", "dp_shard", "cp", "tp", "pp", "ep"
  std::map<std::string, std::string> keys;  // every key that differs from its default, as text
  int64_t world_size = 1;
  int64_t local_batch_size = 0, global_batch_size = 0, seq_len = 0;
  std::string checkpointing;   // "selective op"
  int64_t capacity_bytes = 0;  // device memory that a process can use

  /// Lists the degrees above 1: "dp_shard 8, tp 8"; empty where there is none.
  std::string degrees_text() const;
};

struct Estimate {
  Subject subject;
  bool fits = false;
  double step_time_s = 0.0;          // in steady state
  std::vector<double> step_times_s;  // of every simulated step; the first allocates what stays
  double tokens_per_second_per_gpu = 0.0;
  double tflops_per_gpu = 0.0;
  double mfu_percent = 0.0;
  double interval_level = 0.8;
  Interval tokens_interval;         // of tokens_per_second_per_gpu
  Interval peak_reserved_interval;  // of the fullest role
  std::vector<RoleMemory> memory;   // one per role; never empty
  TimeBreakdown time;
  Coverage coverage;
  std::vector<Remedy> remedies;  // when it does not fit: smallest change first
  std::vector<Lane> timeline;    // of one steady step of the slowest role; empty unless asked for
  double elapsed_s = 0.0;        // of the prediction itself
};

/// Idle time that is neither bubble nor due to the host; 0 where they overlap.
double other_idle_s(const TimeBreakdown& time);

/// The role that comes nearest to its device's capacity; one that ran out of memory before all others.
const RoleMemory& fullest(const Estimate& estimate);

/// Says whether a fitting configuration would not fit at the upper end of its interval of reserved memory.
bool may_not_fit(const Estimate& estimate);

/// Names a role by the coordinates in which the estimate's roles differ: "pp 3 cp 1"; "all ranks" where none does.
std::string role_name(const Estimate& estimate, const RoleMemory& role);

}  // namespace titan::estimator
