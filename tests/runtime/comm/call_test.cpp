#include "runtime/comm/call.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

namespace titan::comm {
namespace {

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  return "no error";
}

TEST(Call, IsWrittenAsItsOperationWithDtypeAndSizes) {
  EXPECT_EQ(all_reduce_call(at::ones({4, 8}), ReduceOp::avg).text(), "all_reduce(avg, float32[4, 8])");
  EXPECT_EQ(broadcast_call(at::ones({}, at::kLong), 2, 4).text(), "broadcast(root 2, int64[])");
  EXPECT_EQ(all_to_all_call(at::ones({4}), at::ones({6}), {}, {2, 4}, 2).text(),
            "all_to_all(float32[4], send_splits [2, 2], recv_splits [2, 4])");
}

TEST(Call, AgreesWithItselfAndWithNothingElse) {
  const Call call = reduce_scatter_call(at::ones({4}), at::ones({2}), ReduceOp::sum, 2);
  EXPECT_TRUE(agree(call, 0, call, 1));
  EXPECT_FALSE(agree(call, 0, reduce_scatter_call(at::ones({4}), at::ones({2}), ReduceOp::min, 2), 1));
  EXPECT_FALSE(agree(call, 0, reduce_scatter_call(at::ones({6}), at::ones({3}), ReduceOp::sum, 2), 1));
  EXPECT_FALSE(agree(call, 0, all_reduce_call(at::ones({4}), ReduceOp::sum), 1));
}

TEST(Call, OfAllToAllAgreesWhereWhatIsSentIsWhatIsExpected) {
  const Call a = all_to_all_call(at::ones({5, 2}), at::ones({3, 2}), {1, 4}, {1, 2}, 2);
  const Call b = all_to_all_call(at::ones({5, 2}), at::ones({7, 2}), {2, 3}, {4, 3}, 2);
  EXPECT_TRUE(agree(a, 0, b, 1));
  EXPECT_FALSE(agree(a, 1, b, 0));
}

TEST(Call, RefusesUndefinedForeignAndMixedTensors) {
  EXPECT_EQ(message_of([] { broadcast_call(at::Tensor(), 0, 1); }),
            "broadcast: tensor must be a tensor: it is undefined");
  EXPECT_EQ(message_of([] { all_gather_call(at::ones({2}), at::ones({4}, at::kDouble), 2); }),
            "all_gather: shard and full must have the same dtype: shard=float32 full=float64");
  EXPECT_EQ(
      message_of([] { all_gather_call(at::ones({2}), at::empty({4}, at::TensorOptions().device(at::kMeta)), 2); }),
      "all_gather: shard and full must be on one device: shard=cpu full=meta");
  EXPECT_EQ(message_of([] { all_reduce_call(at::empty({2}, at::kFloat8_e4m3fn), ReduceOp::sum); }),
            "all_reduce: dtype must be float16, bfloat16, float32, float64, an integer or bool: dtype=float8_e4m3fn");
  EXPECT_EQ(message_of([] {
              all_to_all_call(at::ones({2, 3}), at::ones({2, 4}), {}, {}, 2);
            }),
            "all_to_all: rows of send and recv must be alike: send=[2, 3] recv=[2, 4]");
}

TEST(CheckRanks, WantsAscendingRanksOfTheWorldWithTheCaller) {
  EXPECT_EQ(message_of([] { check_ranks({0, 2}, 2, 4, "dp"); }), "no error");
  const std::string rule = "make_communicator: ranks must be ascending, in the world and hold the caller: ";
  EXPECT_EQ(message_of([] { check_ranks({2, 0}, 2, 4, "dp"); }), rule + "ranks=[2, 0] rank=2 world=4 name=dp");
  EXPECT_EQ(message_of([] { check_ranks({0, 1}, 2, 4, "dp"); }), rule + "ranks=[0, 1] rank=2 world=4 name=dp");
  EXPECT_EQ(message_of([] { check_ranks({2, 4}, 2, 4, "dp"); }), rule + "ranks=[2, 4] rank=2 world=4 name=dp");
  EXPECT_EQ(message_of([] { check_ranks({}, 2, 4, "dp"); }), rule + "ranks=[] rank=2 world=4 name=dp");
}

}  // namespace
}  // namespace titan::comm
