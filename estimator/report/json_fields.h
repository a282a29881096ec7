#pragma once

#include "estimator/report/estimate.h"

// The fields of an estimate's JSON, named once for writing and reading. `Archive` has field(name, value) for a member
// and group(name, function) for an object that has no struct of its own. `T` is const when writing.

namespace titan::estimator {

inline constexpr const char* kEstimateFormat = "titan estimate";
inline constexpr int kEstimateVersion = 1;

template <class Archive, class T>
void subject_fields(Archive& archive, T& subject) {
  archive.field("config", subject.config);
  archive.field("model", subject.model);
  archive.field("num_parameters", subject.num_parameters);
  archive.field("hardware", subject.hardware);
  archive.field("cluster", subject.cluster);
  archive.field("software", subject.software);
  archive.field("world_size", subject.world_size);
  archive.field("degrees", subject.degrees);
  archive.field("local_batch_size", subject.local_batch_size);
  archive.field("global_batch_size", subject.global_batch_size);
  archive.field("seq_len", subject.seq_len);
  archive.field("checkpointing", subject.checkpointing);
  archive.field("settings", subject.keys);
  archive.field("calibration", subject.calibration);
  archive.field("notices", subject.notices);
}

template <class Archive, class T>
void fields(Archive& archive, T& sample, const MemorySample*) {
  archive.field("time_s", sample.time_s);
  archive.field("bytes", sample.bytes);
}

template <class Archive, class T>
void fields(Archive& archive, T& curve, const MemoryCurve*) {
  archive.field("categories", curve.categories);
  archive.field("samples", curve.samples);
}

template <class Archive, class T>
void fields(Archive& archive, T& failure, const OutOfMemory*) {
  archive.field("where", failure.where);
  archive.field("message", failure.message);
}

template <class Archive, class T>
void fields(Archive& archive, T& role, const RoleMemory*) {
  archive.field("pp_rank", role.pp_rank);
  archive.field("cp_rank", role.cp_rank);
  archive.field("ep_rank", role.ep_rank);
  archive.field("multiplicity", role.multiplicity);
  archive.field("peak_allocated_bytes", role.peak_allocated_bytes);
  archive.field("peak_reserved_bytes", role.peak_reserved_bytes);
  archive.field("device_used_bytes", role.device_used_bytes);
  archive.field("categories", role.categories);
  archive.field("beside_allocator", role.beside_allocator);
  archive.field("peak_host_bytes", role.peak_host_bytes);
  archive.field("host_categories", role.host_categories);
  archive.field("peak_where", role.peak_where);
  archive.field("first_step", role.first_step);
  archive.field("steady", role.steady);
  archive.field("out_of_memory", role.out_of_memory);
  archive.field("curve", role.curve);
}

template <class Archive, class T>
void fields(Archive& archive, T& span, const Span*) {
  archive.field("begin_s", span.begin_s);
  archive.field("end_s", span.end_s);
  archive.field("name", span.name);
  archive.field("kind", span.kind);
}

template <class Archive, class T>
void fields(Archive& archive, T& lane, const Lane*) {
  archive.field("name", lane.name);
  archive.field("spans", lane.spans);
}

template <class Archive, class T>
void fields(Archive& archive, T& time, const TimeBreakdown*) {
  archive.field("compute_s", time.compute_s);
  archive.field("exposed_communication_s", time.exposed_communication_s);
  archive.field("communication_s", time.communication_s);
  archive.field("idle_s", time.idle_s);
  archive.field("bubble_s", time.bubble_s);
  archive.field("host_bound_s", time.host_bound_s);
  archive.field("host_work_s", time.host_work_s);
  archive.field("host_s", time.host_s);
}

template <class Archive, class T>
void fields(Archive& archive, T& coverage, const Coverage*) {
  archive.field("measured", coverage.measured);
  archive.field("interpolated", coverage.interpolated);
  archive.field("model", coverage.model);
  archive.field("roofline", coverage.roofline);
}

template <class Archive, class T>
void fields(Archive& archive, T& remedy, const Remedy*) {
  archive.field("change", remedy.change);
  archive.field("device_used_bytes", remedy.device_used_bytes);
  archive.field("tokens_per_second_per_gpu", remedy.tokens_per_second_per_gpu);
}

template <class Archive, class T>
void fields(Archive& archive, T& estimate, const Estimate*) {
  archive.constant("format", kEstimateFormat);
  archive.constant("version", kEstimateVersion);
  subject_fields(archive, estimate.subject);
  archive.field("fits", estimate.fits);
  archive.field("step_time_s", estimate.step_time_s);
  archive.field("step_times_s", estimate.step_times_s);
  archive.field("tokens_per_second_per_gpu", estimate.tokens_per_second_per_gpu);
  archive.field("tflops_per_gpu", estimate.tflops_per_gpu);
  archive.field("mfu_percent", estimate.mfu_percent);
  archive.group("interval", [&](Archive& interval) {
    interval.field("level", estimate.interval_level);
    interval.field("tokens_per_second_per_gpu", estimate.tokens_interval);
    interval.field("peak_reserved_bytes", estimate.peak_reserved_interval);
  });
  archive.group("memory", [&](Archive& memory) {
    memory.field("capacity_bytes", estimate.subject.capacity_bytes);
    memory.field("ranks", estimate.memory);
  });
  archive.field("remedies", estimate.remedies);
  archive.field("time_breakdown", estimate.time);
  archive.field("coverage", estimate.coverage);
  archive.field("timeline", estimate.timeline);
  archive.field("elapsed_s", estimate.elapsed_s);
}

}  // namespace titan::estimator
