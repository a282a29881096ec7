#include "tests/runtime/optim/fake_ranks.h"

#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>

namespace titan::optim {

void MeetingCommunicator::combine(at::Tensor& result, const at::Tensor& peer, comm::ReduceOp op) {
  switch (op) {
    case comm::ReduceOp::sum:
      result.add_(peer);
      return;
    case comm::ReduceOp::max:
      result = at::maximum(result, peer);
      return;
    case comm::ReduceOp::min:
      result = at::minimum(result, peer);
      return;
    case comm::ReduceOp::avg:
      refuse();
  }
}

double FakePlatform::read(const at::Tensor& scalar, double expectation) {
  return has_values_ ? scalar.item().toDouble() : expectation;
}

void run_on_threads(int num_ranks, const std::function<void(int rank)>& body) {
  std::vector<std::exception_ptr> failures(num_ranks);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < num_ranks; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        body(rank);
      } catch (...) {
        failures[rank] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace titan::optim
