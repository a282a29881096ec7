#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "runtime/comm/thread_world.h"
#include "tests/runtime/comm/test_tensors.h"
#include "tests/support/run_ranks.h"

namespace titan::test {
namespace {

using comm::ReduceOp;
using comm::Work;

enum class Kind { all_reduce, all_gather, reduce_scatter, all_to_all, broadcast };

/// One collective of a random program, known to all ranks.
struct Step {
  int group;
  Kind kind;
  at::ScalarType dtype;
  int64_t rows;
  int root;
  std::vector<at::Tensor> inputs;    // by member
  std::vector<at::Tensor> expected;  // by member, from the sequential oracle
};

struct Program {
  int world_size;
  std::vector<std::vector<int>> groups;
  std::vector<Step> steps;
};

int pick(std::mt19937& random, int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); }

/// Rows that member `from` sends to member `to` in an all_to_all.
int64_t split(const Step& step, int from, int to) { return (step.rows + 3 * from + 5 * to) % 7; }

int64_t input_rows(const Step& step, int member, int size) {
  if (step.kind == Kind::reduce_scatter) return step.rows * size;
  if (step.kind != Kind::all_to_all) return step.rows;
  int64_t rows = 0;
  for (int to = 0; to < size; ++to) rows += split(step, member, to);
  return rows;
}

/// The sequential oracle: what `member` must receive.
at::Tensor expected_of(const Step& step, int member) {
  const std::vector<at::Tensor>& inputs = step.inputs;
  switch (step.kind) {
    case Kind::all_reduce:
      return sum_in_order(inputs);
    case Kind::all_gather:
      return at::cat(inputs);
    case Kind::reduce_scatter:
      return sum_in_order(inputs).narrow(0, member * step.rows, step.rows);
    case Kind::broadcast:
      return inputs[step.root];
    case Kind::all_to_all:
      break;
  }
  std::vector<at::Tensor> received;
  for (int from = 0; from < std::ssize(inputs); ++from) {
    int64_t begin = 0;
    for (int to = 0; to < member; ++to) begin += split(step, from, to);
    received.push_back(inputs[from].narrow(0, begin, split(step, from, member)));
  }
  return at::cat(received);
}

void fill(Step& step, int size, uint64_t seed) {
  for (int member = 0; member < size; ++member) {
    const std::vector<int64_t> sizes = {input_rows(step, member, size), 2};
    step.inputs.push_back(random_tensor(seed + static_cast<uint64_t>(member), sizes, step.dtype));
  }
  for (int member = 0; member < size; ++member) step.expected.push_back(expected_of(step, member));
}

Program random_program(unsigned seed) {
  std::mt19937 random(seed);
  Program program{.world_size = 1 + pick(random, 8), .groups = {}, .steps = {}};
  for (int g = 0; g < 4; ++g) {
    std::vector<int> ranks;
    for (int rank = 0; rank < program.world_size; ++rank) {
      if (pick(random, 2)) ranks.push_back(rank);
    }
    if (ranks.empty()) ranks.push_back(pick(random, program.world_size));
    program.groups.push_back(ranks);
  }
  const at::ScalarType dtypes[] = {at::kFloat, at::kDouble, at::kBFloat16, at::kLong, at::kByte};
  const int64_t rows[] = {0, 1, 2, 3, 7, 50, 300, 40000};  // the last: several chunks of a reduction
  for (int s = 0; s < 30; ++s) {
    const int group = pick(random, 4);
    program.steps.push_back({.group = group,
                             .kind = static_cast<Kind>(pick(random, 5)),
                             .dtype = dtypes[pick(random, 5)],
                             .rows = rows[pick(random, 8)],
                             .root = pick(random, static_cast<int>(program.groups[group].size())),
                             .inputs = {},
                             .expected = {}});
    fill(program.steps.back(), static_cast<int>(program.groups[group].size()), random());
  }
  return program;
}

/// An operation that a rank has issued and not waited for.
struct Pending {
  Work work;
  const Step* step;
  int member;
  at::Tensor input, output;

  /// Waits, compares with the oracle, then writes over what the caller may write over.
  void finish() const {
    work.wait(kStream);
    EXPECT_TRUE(same_bits(output, step->expected[member]))
        << "kind " << static_cast<int>(step->kind) << " dtype " << step->dtype << " rows " << step->rows;
    if (input.numel() > 0) std::memset(input.mutable_data_ptr(), 77, input.nbytes());  // seen by the thread sanitizer
  }
};

Pending issue(const Step& step, comm::Communicator& comm) {
  const int member = comm.rank(), size = comm.size();
  const at::Tensor input = step.inputs[member].clone();
  const at::Tensor output = at::empty_like(step.expected[member]);
  Pending pending{.work = {}, .step = &step, .member = member, .input = input, .output = output};
  switch (step.kind) {
    case Kind::all_reduce:
      pending.output = input;
      pending.input = at::empty({0}, step.dtype);
      pending.work = comm.all_reduce(input, ReduceOp::sum, kStream);
      break;
    case Kind::all_gather:
      pending.work = comm.all_gather(input, output, kStream);
      break;
    case Kind::reduce_scatter:
      pending.work = comm.reduce_scatter(input, output, ReduceOp::sum, kStream);
      break;
    case Kind::broadcast:
      pending.output = input;
      pending.work = comm.broadcast(input, step.root, kStream);
      break;
    case Kind::all_to_all: {
      std::vector<int64_t> send, recv;
      for (int m = 0; m < size; ++m) {
        send.push_back(split(step, member, m));
        recv.push_back(split(step, m, member));
      }
      pending.work = comm.all_to_all(input, output, send, recv, kStream);
      break;
    }
  }
  return pending;
}

using Communicators = std::vector<std::unique_ptr<comm::Communicator>>;

Communicators join(const Program& program, int rank, comm::ThreadWorld& world) {
  Communicators comms;
  for (size_t g = 0; g < program.groups.size(); ++g) {
    const std::vector<int>& ranks = program.groups[g];
    const bool member = std::find(ranks.begin(), ranks.end(), rank) != ranks.end();
    comms.push_back(member ? world.make_communicator(rank, ranks, "group") : nullptr);
  }
  return comms;
}

void finish_one(std::vector<Pending>& pending, std::mt19937& random) {
  const int index = pick(random, static_cast<int>(pending.size()));
  pending[index].finish();
  pending.erase(pending.begin() + index);
}

class RandomCollectives : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Seeds, RandomCollectives, testing::Range(0u, 40u));

TEST_P(RandomCollectives, MatchTheOracleWhenWaitsAreMixedIn) {
  const Program program = random_program(GetParam());
  run_ranks_in_world(program.world_size, [&](int rank, comm::ThreadWorld& world) {
    std::mt19937 random(GetParam() * 100 + static_cast<unsigned>(rank));
    const Communicators comms = join(program, rank, world);
    std::vector<Pending> pending;
    for (const Step& step : program.steps) {
      if (comms[step.group]) pending.push_back(issue(step, *comms[step.group]));
      while (!pending.empty() && pick(random, 3) == 0) finish_one(pending, random);
    }
    while (!pending.empty()) finish_one(pending, random);
  });
}

TEST_P(RandomCollectives, MatchTheOracleWhenEachRankInterleavesCommunicatorsItsOwnWay) {
  const Program program = random_program(1000 + GetParam());
  run_ranks_in_world(program.world_size, [&](int rank, comm::ThreadWorld& world) {
    std::mt19937 random(GetParam() * 100 + static_cast<unsigned>(rank));
    const Communicators comms = join(program, rank, world);
    // Swapping neighbours of different groups keeps the order within each communicator.
    std::vector<const Step*> order;
    for (const Step& step : program.steps) {
      if (comms[step.group]) order.push_back(&step);
    }
    for (int swap = 0; swap < 200 && order.size() > 1; ++swap) {
      const int i = pick(random, static_cast<int>(order.size()) - 1);
      if (order[i]->group != order[i + 1]->group) std::swap(order[i], order[i + 1]);
    }
    std::vector<Pending> pending;
    for (const Step* step : order) pending.push_back(issue(*step, *comms[step->group]));
    while (!pending.empty()) finish_one(pending, random);
  });
}

}  // namespace
}  // namespace titan::test
