#include "tests/runtime/gloo/scenarios.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "runtime/comm/comm_error.h"

namespace titan::comm {
namespace {

using Clock = std::chrono::steady_clock;
using platform::Stream;

const Stream kStream;

void require(bool condition, const std::string& what) {
  if (!condition) throw std::logic_error("check failed: " + what);
}

/// What rank `rank` contributes: small integers, exact in every dtype and in every order of addition.
at::Tensor values(int rank, int64_t numel, at::ScalarType dtype) {
  at::Tensor counting = at::arange(numel, at::kLong);
  return (counting.remainder(5) + rank + 1).to(dtype);
}

std::vector<at::Tensor> values_of_all(int size, int64_t numel, at::ScalarType dtype) {
  std::vector<at::Tensor> all;
  for (int rank = 0; rank < size; ++rank) all.push_back(values(rank, numel, dtype));
  return all;
}

/// The oracle: rank 0's value op rank 1's op ..., one after the other, in float64.
at::Tensor reduced(const std::vector<at::Tensor>& inputs, ReduceOp op) {
  at::Tensor result = inputs[0].to(at::kDouble);
  for (size_t rank = 1; rank < inputs.size(); ++rank) {
    const at::Tensor next = inputs[rank].to(at::kDouble);
    result = op == ReduceOp::max ? result.maximum(next) : op == ReduceOp::min ? result.minimum(next) : result + next;
  }
  if (op == ReduceOp::avg) result = result / static_cast<double>(inputs.size());
  return result.to(inputs[0].scalar_type());
}

void check_reductions(Communicator& comm, int64_t numel, at::ScalarType dtype) {
  const bool floating = c10::isFloatingType(dtype);
  for (ReduceOp op : {ReduceOp::sum, ReduceOp::avg, ReduceOp::max, ReduceOp::min}) {
    if (op == ReduceOp::avg && !floating) continue;
    const std::string what =
        std::string(c10::toString(dtype)) + " " + std::to_string(numel) + " op " + std::to_string(static_cast<int>(op));
    at::Tensor tensor = values(comm.rank(), numel, dtype);
    comm.all_reduce(tensor, op, kStream).wait(kStream);
    require(at::equal(tensor, reduced(values_of_all(comm.size(), numel, dtype), op)), "all_reduce " + what);

    const int64_t full_numel = numel * comm.size();
    const at::Tensor full = values(comm.rank(), full_numel, dtype);
    const at::Tensor shard = at::zeros({numel}, dtype);
    comm.reduce_scatter(full, shard, op, kStream).wait(kStream);
    const at::Tensor oracle = reduced(values_of_all(comm.size(), full_numel, dtype), op);
    require(at::equal(shard, oracle.narrow(0, comm.rank() * numel, numel)), "reduce_scatter " + what);
  }
}

void check_copies(Communicator& comm, int64_t numel, at::ScalarType dtype) {
  const int size = comm.size();
  const std::string what = std::string(c10::toString(dtype)) + " " + std::to_string(numel);
  const at::Tensor own = values(comm.rank(), numel, at::kLong).to(dtype);
  const at::Tensor full = at::zeros({size * numel}, at::kLong).to(dtype);
  comm.all_gather(own, full, kStream).wait(kStream);
  std::vector<at::Tensor> all;
  for (int rank = 0; rank < size; ++rank) all.push_back(values(rank, numel, at::kLong).to(dtype));
  // float8 has no kernels for cat and equal: compare through float64.
  for (int rank = 0; rank < size; ++rank)
    require(
        at::equal(full.narrow(0, rank * numel, numel).to(at::kDouble), all[static_cast<size_t>(rank)].to(at::kDouble)),
        "all_gather " + what);
  for (int root = 0; root < size; ++root) {
    const at::Tensor tensor = values(comm.rank(), numel, at::kLong).to(dtype);
    comm.broadcast(tensor, root, kStream).wait(kStream);
    require(at::equal(tensor.to(at::kDouble), all[static_cast<size_t>(root)].to(at::kDouble)), "broadcast " + what);
  }
}

/// Rank r sends (r + 2 p) % 3 rows of two numbers to rank p; row values name sender and receiver.
void check_all_to_all(Communicator& comm) {
  const int size = comm.size();
  const auto rows = [](int from, int to) { return static_cast<int64_t>((from + 2 * to) % 3); };
  const auto block = [&](int from, int to) { return at::full({rows(from, to), 2}, from * 10.0 + to); };
  std::vector<at::Tensor> send, expected;
  std::vector<int64_t> send_splits, recv_splits;
  for (int peer = 0; peer < size; ++peer) {
    send.push_back(block(comm.rank(), peer));
    expected.push_back(block(peer, comm.rank()));
    send_splits.push_back(rows(comm.rank(), peer));
    recv_splits.push_back(rows(peer, comm.rank()));
  }
  const at::Tensor recv = at::zeros_like(at::cat(expected));
  comm.all_to_all(at::cat(send), recv, send_splits, recv_splits, kStream).wait(kStream);
  require(at::equal(recv, at::cat(expected)), "all_to_all with splits");

  const at::Tensor even = at::full({size, 3}, comm.rank() + 0.5);
  const at::Tensor out = at::zeros({size, 3});
  comm.all_to_all(even, out, {}, {}, kStream).wait(kStream);
  require(at::equal(out, (at::arange(size).to(at::kFloat) + 0.5).unsqueeze(1).expand({size, 3})), "all_to_all equal");
}

void check_everything(Communicator& comm) {
  for (int64_t numel : {1, 7, 5000, 20001}) {  // one round and two, even and uneven parts
    for (auto dtype : {at::kFloat, at::kDouble, at::kBFloat16, at::kHalf, at::kLong, at::kInt, at::kByte})
      check_reductions(comm, numel, dtype);
    for (auto dtype : {at::kFloat, at::kBFloat16, at::kByte, at::kChar, at::kBool, at::ScalarType::Float8_e4m3fn})
      check_copies(comm, numel, dtype);
  }
  check_all_to_all(comm);
}

/// Sums whose value depends on the order of addition must have the same bits on every rank, those of the order of
/// ranks.
void check_bits(Communicator& comm) {
  for (int64_t numel : {64, 20000}) {
    for (auto dtype : {at::kFloat, at::kBFloat16}) {
      const auto rough = [&](int rank) {
        return (at::arange(numel).to(at::kDouble) * 0.1 + 1.0 / (rank + 3)).to(dtype);
      };
      at::Tensor expected = rough(0).to(at::kFloat);
      for (int rank = 1; rank < comm.size(); ++rank) expected = expected + rough(rank).to(at::kFloat);
      const at::Tensor tensor = rough(comm.rank());
      comm.all_reduce(tensor, ReduceOp::sum, kStream).wait(kStream);
      require(at::equal(tensor, expected.to(dtype)), "bits of all_reduce");
    }
  }
}

/// Operations issued without waiting run in order and complete whatever the order of waiting.
void check_order(Communicator& comm) {
  std::vector<at::Tensor> tensors;
  std::vector<Work> works;
  for (int i = 0; i < 50; ++i) {
    tensors.push_back(at::full({i % 2 ? 3000 : 3}, i + comm.rank()));
    works.push_back(comm.all_reduce(tensors.back(), ReduceOp::max, kStream));
  }
  works.back().wait(kStream);
  for (int i = 0; i < 50; ++i) {
    works[static_cast<size_t>(i)].wait_host();
    require(at::equal(tensors[static_cast<size_t>(i)], at::full({i % 2 ? 3000 : 3}, i + comm.size() - 1.0)), "order");
  }
}

void collectives(GlooWorld& world, int) {
  const int size = world.world().size;
  std::vector<int> all;
  for (int rank = 0; rank < size; ++rank) all.push_back(rank);
  auto everyone = world.make_communicator(all, "world");
  check_everything(*everyone);
  check_bits(*everyone);
  check_order(*everyone);
  everyone->barrier();

  // Two groups that share no rank but the name, then pairs of neighbours: more than one communicator at once.
  const int half = (size + 1) / 2;
  std::vector<int> mine;
  for (int rank : all)
    if (rank / half == world.world().rank / half) mine.push_back(rank);
  auto part = world.make_communicator(mine, "half");
  const at::Tensor sum = at::full({10}, 1.0 + world.world().rank);
  const Work of_part = part->all_reduce(sum, ReduceOp::sum, kStream);
  const at::Tensor ones = at::full({10}, 1.0);
  const Work of_all = everyone->all_reduce(ones, ReduceOp::sum, kStream);
  of_all.wait(kStream);
  of_part.wait(kStream);
  double expected = 0;
  for (int rank : mine) expected += 1.0 + rank;
  require(at::equal(sum, at::full({10}, expected)), "two communicators: half");
  require(at::equal(ones, at::full({10}, static_cast<double>(size))), "two communicators: world");
}

/// Trains, so to speak: one all_reduce a step. `at_step_3` is what the victim does before its fourth.
void steps(GlooWorld& world, int victim, const std::function<void(Communicator&)>& at_step_3) {
  std::vector<int> all;
  for (int rank = 0; rank < world.world().size; ++rank) all.push_back(rank);
  auto comm = world.make_communicator(all, "dp");
  for (int step = 0; step < 6; ++step) {
    if (step == 3 && world.world().rank == victim) at_step_3(*comm);
    const at::Tensor tensor = at::full({4}, 1.0);
    comm->all_reduce(tensor, ReduceOp::sum, kStream).wait(kStream);
  }
}

/// Rank 0 waits for rank 1 in one communicator while rank 1 waits for the stopped rank 2 in another.
void chain(GlooWorld& world, int) {
  const int rank = world.world().rank;
  std::unique_ptr<Communicator> left, right;
  if (rank <= 1) left = world.make_communicator({0, 1}, "left");
  if (rank >= 1) right = world.make_communicator({1, 2}, "right");
  if (rank == 2) raise(SIGSTOP);
  if (right) right->barrier();
  if (left) left->barrier();
}

using Scenario = std::function<void(GlooWorld&, int victim)>;

const std::map<std::string, Scenario> kScenarios = {
    {"collectives", collectives},
    {"killed", [](GlooWorld& world, int victim) { steps(world, victim, [](Communicator&) { raise(SIGKILL); }); }},
    {"stopped", [](GlooWorld& world, int victim) { steps(world, victim, [](Communicator&) { raise(SIGSTOP); }); }},
    {"sleeping",
     [](GlooWorld& world, int victim) {
       steps(world, victim, [](Communicator&) { std::this_thread::sleep_for(std::chrono::seconds(60)); });
     }},
    {"throws",
     [](GlooWorld& world, int victim) {
       steps(world, victim, [](Communicator&) { throw std::runtime_error("the loss is not finite"); });
     }},
    {"aborts", [](GlooWorld& world,
                  int victim) { steps(world, victim, [](Communicator& comm) { comm.abort("out of patience"); }); }},
    {"mismatched",
     [](GlooWorld& world, int victim) {
       steps(world, victim, [](Communicator& comm) { comm.broadcast(at::zeros({4}), 0, kStream).wait(kStream); });
     }},
    {"leaves",
     [](GlooWorld& world, int victim) {
       if (world.world().rank == victim) {
         std::vector<int> all;
         for (int rank = 0; rank < world.world().size; ++rank) all.push_back(rank);
         world.make_communicator(all, "dp");
         return;
       }
       steps(world, victim, [](Communicator&) {});
     }},
    {"chain", chain},
};

}  // namespace

int run_scenario(const std::string& name, const ScenarioOptions& options) {
  const auto started = Clock::now();
  try {
    GlooWorld world(options.world);
    world.set_timeout(options.timeout);
    try {
      kScenarios.at(name)(world, options.victim);
    } catch (const CommError&) {
      throw;
    } catch (const std::exception& error) {
      world.abort(error.what());
      throw;
    }
  } catch (const std::exception& error) {
    const double seconds = std::chrono::duration<double>(Clock::now() - started).count();
    std::printf("[%.1f s] %s\n", seconds, error.what());
    std::fflush(stdout);
    return 3;
  }
  return 0;
}

}  // namespace titan::comm
