#include <ATen/Parallel.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>

#include <algorithm>
#include <map>

#include "runtime/optim/adam.h"
#include "runtime/optim/cpu_kernels.h"

namespace titan::optim {
namespace {

constexpr int64_t kGrain = 32768;  // elements that are worth a thread: about 10 us

/// One shard's place in the sequence of all elements of a step.
struct Job {
  int64_t first;
  int64_t count;
  AdamKernel kernel;
  AdamPointers pointers;
  AdamScalars scalars;
};

/// Casts a gradient that no kernel takes beside its value.
at::Tensor readable_grad(const AdamItem& item, CpuIsa isa) {
  const at::Tensor grad = item.grad.contiguous();
  const at::ScalarType dtype = item.value.scalar_type();
  return find_adam_kernel(dtype, grad.scalar_type(), isa) ? grad : grad.to(dtype);
}

Job make_job(const AdamItem& item, const at::Tensor& grad, CpuIsa isa, const AdamScalars& scalars) {
  const AdamKernel kernel = find_adam_kernel(item.value.scalar_type(), grad.scalar_type(), isa);
  TORCH_CHECK(kernel, "adam_fused: values must be float32, float64 or bfloat16: ", item.value.scalar_type());
  const AdamPointers pointers{item.value.mutable_data_ptr(), grad.const_data_ptr(), item.exp_avg.mutable_data_ptr(),
                              item.exp_avg_sq.mutable_data_ptr()};
  return {0, item.value.numel(), kernel, pointers, scalars};
}

/// Runs elements [begin, end) of the whole sequence.
void run_range(const std::vector<Job>& jobs, int64_t begin, int64_t end) {
  auto job =
      std::upper_bound(jobs.begin(), jobs.end(), begin, [](int64_t at, const Job& j) { return at < j.first; }) - 1;
  for (; job != jobs.end() && job->first < end; ++job) {
    const int64_t from = std::max(begin - job->first, int64_t{0});
    const int64_t to = std::min(end - job->first, job->count);
    job->kernel(job->pointers, from, to, job->scalars);
  }
}

void adam_on_cpu(const std::vector<AdamItem>& items, const OptimizerOptions& options, double lr) {
  const CpuIsa isa = ops::best_cpu_isa();
  std::vector<at::Tensor> grads;  // keeps casts alive
  std::vector<Job> jobs;
  int64_t total = 0;
  for (const AdamItem& item : items) {
    const AdamScalars scalars = adam_scalars(options, lr, advance(item.step));
    if (item.value.numel() == 0) continue;
    grads.push_back(readable_grad(item, isa));
    jobs.push_back(make_job(item, grads.back(), isa, scalars));
    jobs.back().first = total;
    total += jobs.back().count;
    item.value.unsafeGetTensorImpl()->bump_version();
  }
  at::parallel_for(0, total, kGrain, [&](int64_t begin, int64_t end) { run_range(jobs, begin, end); });
}

/// The items of one dtype, as the lists that the device's fused operator takes.
struct DeviceLists {
  std::vector<at::Tensor> values, grads, exp_avgs, exp_avg_sqs, steps;
};

void adam_on_device(const std::vector<AdamItem>& items, const OptimizerOptions& options, double lr) {
  std::map<at::ScalarType, DeviceLists> by_dtype;
  for (const AdamItem& item : items) {
    DeviceLists& lists = by_dtype[item.value.scalar_type()];
    lists.values.push_back(item.value);
    lists.grads.push_back(item.grad.to(item.value.scalar_type()));
    lists.exp_avgs.push_back(item.exp_avg);
    lists.exp_avg_sqs.push_back(item.exp_avg_sq);
    lists.steps.push_back(item.step);
  }
  const auto update =
      options.name == OptimizerName::adam_w ? &at::_ops::_fused_adamw_::call : &at::_ops::_fused_adam_::call;
  for (const auto& [dtype, c] : by_dtype) {
    at::_foreach_add_(c.steps, 1.0);
    update(c.values, c.grads, c.exp_avgs, c.exp_avg_sqs, {}, c.steps, lr, options.beta1, options.beta2,
           options.weight_decay, options.eps, /*amsgrad=*/false, /*maximize=*/false, {}, {});
  }
}

}  // namespace

void adam_fused(const std::vector<AdamItem>& items, const OptimizerOptions& options, double lr) {
  if (items.empty()) return;
  if (items.front().value.is_cpu()) return adam_on_cpu(items, options, lr);
  adam_on_device(items, options, lr);
}

}  // namespace titan::optim
