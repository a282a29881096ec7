#include "sim/trace/difference.h"

#include <gtest/gtest.h>

#include "tests/sim/trace/small_traces.h"

namespace titan::trace {
namespace {

std::string difference(const Trace& a, const Trace& b) { return first_difference(a, b).value_or("none"); }

TEST(FirstDifference, IsNoneForEqualTraces) { EXPECT_EQ(difference(small_step(), small_step()), "none"); }

TEST(FirstDifference, DoesNotCountHowDescriptorsAreNumbered) {
  SmallRecorder a, b;
  b.intern(OpDescriptor{.name = "aten::unused"});
  b.intern(Group{"tp", {0, 5}});
  b.intern("unused");
  b.intern_category("unused");
  for (SmallRecorder* r : {&a, &b}) {
    r->begin_scope("step");
    r->alloc(kCompute, 8, r->intern_category("activations"));
    r->work(kCompute, "aten::add");
    r->work(kCompute, "aten::add");
    r->collect(kGather, CollectiveKind::barrier, "fsdp", {0, 1});
    r->end_scope();
  }
  EXPECT_EQ(difference(a.trace(), b.trace()), "none");
}

TEST(FirstDifference, NamesNodeScopeAndBothSides) {
  Trace b = small_step();
  b.ops[1].inputs[0][0] = 5;
  EXPECT_EQ(difference(small_step(), b),
            "node 13 in step / layers.0: 'aten::mm bfloat16 [4, 8] [8, 8] -> [4, 8] (s1, s2, =s3) @compute' against "
            "'aten::mm bfloat16 [5, 8] [8, 8] -> [4, 8] (s1, s2, =s3) @compute'");
}

TEST(FirstDifference, ShowsWhatTheLineHidesWhenItIsThatWhichDiffers) {
  Trace b = small_step();
  b.ops[1].flops = 513;
  EXPECT_NE(difference(small_step(), b).find("513 FLOP"), std::string::npos);
  b = small_step();
  b.groups[0].ranks = {1, 2};
  EXPECT_NE(difference(small_step(), b).find("(ranks 1 2)"), std::string::npos);
}

TEST(FirstDifference, SeesEveryPartOfANode) {
  const Trace a = small_step();
  const auto changed = [&](auto change) {
    Trace b = a;
    change(b);
    return difference(a, b) != "none";
  };
  EXPECT_TRUE(changed([](Trace& b) { b.nodes[2].stream = 3; }));
  EXPECT_TRUE(changed([](Trace& b) { b.nodes[2].kind = NodeKind::host_sync; }));
  EXPECT_TRUE(changed([](Trace& b) { b.nodes[0].value = 65; }));
  EXPECT_TRUE(changed([](Trace& b) { b.arguments[0] = reads(0); }));
  EXPECT_TRUE(changed([](Trace& b) { b.names[1] = "layers.1"; }));
  EXPECT_TRUE(changed([](Trace& b) { b.transfers[0].bytes = 1; }));
  EXPECT_TRUE(changed([](Trace& b) { b.collectives[0].dtype = "float32"; }));
  EXPECT_TRUE(changed([](Trace& b) { b.categories[1] = "activations"; }));
  EXPECT_TRUE(changed([](Trace& b) { b.rank = 3; }));
}

TEST(FirstDifference, SaysWhichTraceEnds) {
  Trace shorter = small_step();
  shorter.nodes.resize(2);
  EXPECT_EQ(difference(shorter, small_step()), "node 2: the end against 'aten::fill_ bfloat16 -> (=s0) @compute'");
  EXPECT_EQ(difference(small_step(), shorter), "node 2: 'aten::fill_ bfloat16 -> (=s0) @compute' against the end");
}

}  // namespace
}  // namespace titan::trace
