#pragma once

#include <ATen/core/Tensor.h>

#include <barrier>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/comm/communicator.h"
#include "runtime/platform/platform.h"
#include "runtime/unit/unit_call.h"

namespace titan::optim {

/// Where the threads of one axis meet to add up; enough of a communicator for clipping, with the sum in rank order.
struct Meeting {
  explicit Meeting(int size) : tensors(size), arrived(size) {}
  std::vector<at::Tensor> tensors;
  std::barrier<> arrived;
};

class MeetingCommunicator : public comm::Communicator {
 public:
  MeetingCommunicator(std::shared_ptr<Meeting> meeting, int rank, std::string name)
      : meeting_(std::move(meeting)), rank_(rank), name_(std::move(name)) {}

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(meeting_->tensors.size()); }
  const std::string& name() const override { return name_; }

  comm::Work all_reduce(const at::Tensor& tensor, comm::ReduceOp op, const platform::Stream&) override {
    meeting_->tensors[rank_] = tensor.clone();
    meeting_->arrived.arrive_and_wait();
    at::Tensor result = meeting_->tensors[0].clone();
    for (size_t peer = 1; peer < meeting_->tensors.size(); ++peer) combine(result, meeting_->tensors[peer], op);
    meeting_->arrived.arrive_and_wait();
    tensor.copy_(result);
    ++num_calls;
    return {};
  }

  comm::Work all_gather(const at::Tensor&, const at::Tensor&, const platform::Stream&) override { return refuse(); }
  comm::Work reduce_scatter(const at::Tensor&, const at::Tensor&, comm::ReduceOp, const platform::Stream&) override {
    return refuse();
  }
  comm::Work all_to_all(const at::Tensor&, const at::Tensor&, const std::vector<int64_t>&, const std::vector<int64_t>&,
                        const platform::Stream&) override {
    return refuse();
  }
  comm::Work broadcast(const at::Tensor&, int, const platform::Stream&) override { return refuse(); }
  void barrier() override { meeting_->arrived.arrive_and_wait(); }
  void abort(const std::string&) override { refuse(); }

  int num_calls = 0;

 private:
  static void combine(at::Tensor& result, const at::Tensor& peer, comm::ReduceOp op);
  static comm::Work refuse() { throw std::logic_error("clipping needs all_reduce only"); }

  std::shared_ptr<Meeting> meeting_;
  int rank_;
  std::string name_;
};

/// A CPU, with or without values.
class FakePlatform : public platform::Platform {
 public:
  explicit FakePlatform(platform::World world = {}, bool has_values = true) : world_(world), has_values_(has_values) {}

  at::Device device() const override { return at::kCPU; }
  platform::World world() const override { return world_; }
  platform::Stream stream(platform::StreamRole role) override { return {role, 0}; }
  platform::Scope use_stream(const platform::Stream&) override { return {}; }
  platform::Event record_event(const platform::Stream&) override { return nullptr; }
  double now() override { return 0.0; }
  platform::MemoryStats memory_stats() override { return {}; }
  std::unique_ptr<comm::Communicator> make_communicator(const std::vector<int>&, std::string_view) override {
    throw std::logic_error("communicators are given");
  }
  platform::Scope annotate(std::string_view) override { return {}; }
  bool has_values() const override { return has_values_; }
  double read(const at::Tensor& scalar, double expectation) override;
  std::vector<at::Tensor> run_unit(unit::UnitCall&&) override { throw std::logic_error("no units here"); }

 private:
  platform::World world_;
  bool has_values_;
};

/// Runs `body(rank)` on one thread per rank and rethrows the first failure.
void run_on_threads(int num_ranks, const std::function<void(int rank)>& body);

}  // namespace titan::optim
