#include "sim/trace/text.h"

#include <gtest/gtest.h>

#include "sim/trace/describe.h"
#include "tests/sim/trace/small_traces.h"

namespace titan::trace {
namespace {

TEST(TraceText, ShowsScopesNodesAndDescriptors) {
  EXPECT_EQ(to_text(small_step()),
            R"(rank 1 of 4:
  alloc s0 64 B other @compute
  alloc s1 64 B other @compute
  aten::fill_ bfloat16 -> (=s0) @compute
  aten::fill_ bfloat16 -> (=s1) @compute
  step:
    layers.0:
      alloc s2 128 B gathered weights @all_gather
      record e0 @compute
      wait e0 @all_gather
      all_gather fsdp(2) bfloat16 128 B (s0, =s2) @all_gather
      record e1 @all_gather
      wait e1 @compute
      alloc s3 128 B other @compute
      aten::mm bfloat16 [4, 8] [8, 8] -> [4, 8] (s1, s2, =s3) @compute
      record e2 @compute
      wait e2 @all_gather
      free s2 128 B @all_gather
    record e3 @compute
    wait e3 @p2p
    begin_batch @p2p
    send pp to rank 3 128 B (s3) @p2p
    recv pp from rank 3 64 B (=s1) @p2p
    end_batch @p2p
    host_sync @compute
    record e4 @p2p
    host_wait e4
    free s3 128 B @compute
operations:
  2 x aten::fill_ bfloat16 ->: memory, 0 FLOP, reads 0 B, writes 0 B
  1 x aten::mm bfloat16 [4, 8] [8, 8] -> [4, 8]: matmul, 512 FLOP, reads 192 B, writes 64 B
)");
}

TEST(TraceText, LeavesOutWhatIsNotAskedFor) {
  const std::string text = to_text(small_step(), {.memory = false, .descriptors = false});
  EXPECT_NE(text.find("all_gather fsdp"), std::string::npos);
  EXPECT_EQ(text.find("alloc "), std::string::npos);
  EXPECT_EQ(text.find("free"), std::string::npos);
  EXPECT_EQ(text.find("operations:"), std::string::npos);
}

TEST(TraceText, MarksStoragesThatAreReadAndWritten) {
  SmallRecorder r;
  const uint32_t storage = r.alloc(9, 1);
  r.work(9, "aten::add_", {reads_and_writes(storage)});
  EXPECT_EQ(describe(r.trace(), r.trace().nodes[1]), "aten::add_ bfloat16 -> (~s0) @stream9");
}

TEST(TraceText, WritesAmountsExactly) {
  EXPECT_EQ(amount_text(8192.0), "8192");
  EXPECT_EQ(amount_text(0.1), "0.10000000000000001");
  EXPECT_EQ(amount_text(6.0e16), "60000000000000000");
}

}  // namespace
}  // namespace titan::trace
