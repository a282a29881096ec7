#include "sim/trace/recorder.h"

#include <gtest/gtest.h>

#include <random>

#include "runtime/config/check.h"
#include "sim/trace/well_formed.h"
#include "tests/sim/trace/small_traces.h"

namespace titan::trace {
namespace {

OpDescriptor mm(int64_t rows, bool is_causal = false, double flops = 0.0) {
  return {.name = "aten::mm",
          .dtype = "bfloat16",
          .inputs = {{rows, 8}},
          .outputs = {{rows}},
          .is_causal = is_causal,
          .flops = flops};
}

TEST(Recorder, EqualDescriptorsShareANumberAndOthersDoNot) {
  Recorder r(0, 4);
  EXPECT_EQ(r.intern(mm(4)), 0u);
  EXPECT_EQ(r.intern(mm(5)), 1u);
  EXPECT_EQ(r.intern(mm(4, true)), 2u);
  EXPECT_EQ(r.intern(mm(4, false, 1.0)), 3u);
  EXPECT_EQ(r.intern(mm(5)), 1u);
  EXPECT_EQ(r.intern(Group{"fsdp", {0, 1}}), 0u);
  EXPECT_EQ(r.intern(Group{"fsdp", {0, 2}}), 1u);
  EXPECT_EQ(r.intern(Group{"fsdp", {0, 1}}), 0u);
  EXPECT_EQ(r.intern(CollectiveDescriptor{CollectiveKind::all_gather, 0, "float32", 8}), 0u);
  EXPECT_EQ(r.intern(CollectiveDescriptor{CollectiveKind::all_gather, 0, "bfloat16", 8}), 1u);
  EXPECT_EQ(r.intern(CollectiveDescriptor{CollectiveKind::all_gather, 0, "float32", 8}), 0u);
  EXPECT_EQ(r.intern(TransferDescriptor{0, 1, 8}), 0u);
  EXPECT_EQ(r.intern(TransferDescriptor{0, 1, 9}), 1u);
  EXPECT_EQ(r.intern("step"), 0u);
  EXPECT_EQ(r.intern("layers.0"), 1u);
  EXPECT_EQ(r.intern("step"), 0u);
  EXPECT_EQ(r.trace().ops.size(), 4u);
  EXPECT_EQ(r.trace().names.size(), 2u);
}

TEST(Recorder, InterningAgreesWithASearchThroughTheTable) {
  std::mt19937 random(7);
  Recorder r(0, 1);
  for (int i = 0; i < 5000; ++i) {
    OpDescriptor op = mm(static_cast<int64_t>(random() % 300));
    op.dtype = random() % 2 == 0 ? "float32" : "bfloat16";
    const auto& ops = r.trace().ops;
    const auto before = std::find(ops.begin(), ops.end(), op) - ops.begin();
    ASSERT_EQ(r.intern(std::move(op)), static_cast<uint32_t>(before));
  }
}

TEST(Recorder, RemembersOperationsBySignature) {
  Recorder r(0, 1);
  const std::vector<int64_t> signature{15, 4, 8}, other{15, 8, 4};
  EXPECT_FALSE(r.known_op("aten::mm", signature));
  const uint32_t number = r.intern_as(signature, mm(4));
  EXPECT_EQ(r.known_op("aten::mm", signature), number);
  EXPECT_FALSE(r.known_op("aten::mm", other));
  EXPECT_FALSE(r.known_op("aten::bmm", signature));
  EXPECT_EQ(r.intern_as(other, mm(4)), number) << "two signatures may mean one operation";
}

TEST(Recorder, NumbersStoragesAndEventsInOrder) {
  const Trace trace = small_step();
  EXPECT_EQ(trace.num_storages, 4u);
  EXPECT_EQ(trace.num_events, 5u);
  EXPECT_EQ(find_fault(trace), std::nullopt);
}

TEST(Recorder, IsEmptyAfterTake) {
  SmallRecorder r(3, 4);
  r.work(kCompute, "aten::add");
  const Trace first = r.take();
  EXPECT_EQ(first.nodes.size(), 1u);
  EXPECT_EQ(r.trace(), (Trace{.rank = 3, .world_size = 4, .categories = {"other"}}));
  r.work(kCompute, "aten::mul");
  EXPECT_EQ(r.trace().ops.at(0).name, "aten::mul");
}

TEST(Recorder, TagsStoragesAtOnceOrLater) {
  Recorder r(0, 1);
  const uint16_t activations = r.intern_category("activations"), gradients = r.intern_category("gradients");
  r.alloc(kCompute, 8);
  const uint32_t tagged = r.alloc(kCompute, 8, activations), later = r.alloc(kCompute, 8);
  r.set_category(tagged, gradients);
  r.set_category(later, r.intern_category("activations"));
  const Trace trace = r.take();
  std::vector<std::string> found;
  for (const Node& node : trace.nodes) found.push_back(trace.categories[node.category()]);
  EXPECT_EQ(found, (std::vector<std::string>{"other", "gradients", "activations"}));
  EXPECT_EQ(find_fault(trace), std::nullopt);
}

TEST(Recorder, RefusesMoreArgumentsThanANodeCanCount) {
  Recorder r(0, 1);
  const std::vector<Argument> arguments(65536, reads(0));
  EXPECT_THROW(r.op(0, r.intern(mm(1)), arguments), config::ContractError);
  EXPECT_TRUE(r.trace().nodes.empty());
}

}  // namespace
}  // namespace titan::trace
