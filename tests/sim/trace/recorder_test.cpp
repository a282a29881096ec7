#include "sim/trace/recorder.h"

#include <gtest/gtest.h>

#include <functional>
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

/// Records the first nodes of a list that allocates, computes, marks and frees, one by one.
void record_first(Recorder& r, size_t num_nodes) {
  const uint32_t storage = r.num_storages(), event = r.trace().num_events;
  const auto op = r.intern(mm(1));
  const std::vector<std::function<void()>> nodes = {[&] { r.alloc(kCompute, 8); },
                                                    [&] { r.op(kCompute, op, std::vector{writes(storage)}); },
                                                    [&] { r.record_event(kCompute); },
                                                    [&] { r.alloc(kCompute, 16); },
                                                    [&] { r.wait_event(kCompute, event); },
                                                    [&] {
                                                      r.op(kCompute, op,
                                                           std::vector{reads(storage), writes(storage + 1)}); },
                                                    [&] { r.free(kCompute, storage, 8); }};
  for (size_t i = 0; i < num_nodes; ++i) nodes.at(i)();
}

// The same list added at once behind other nodes, its references filled in, and cut back at every place.
TEST(Recorder, ABlockIsWhatItsNodesRecordOneByOne) {
  Recorder alone(0, 1);
  record_first(alone, 7);
  const Trace list = alone.trace();
  const std::vector<uint32_t> allocs{0, 3};
  for (size_t length = 0; length <= list.nodes.size(); ++length) {
    Recorder expected(0, 1), r(0, 1);
    for (Recorder* one : {&expected, &r}) record_first(*one, 7);
    record_first(expected, length);
    const auto block = r.add_block(list.nodes, allocs, list.arguments.size(), /*num_events=*/1);
    for (const size_t i : {1, 5}) block.nodes[i].value += block.first_argument;
    for (const size_t i : {2, 4}) block.nodes[i].id += block.first_event;
    block.nodes[6].id += block.first_storage;
    for (size_t i = 0; i < list.arguments.size(); ++i) {
      block.arguments[i] = Argument(list.arguments[i].storage() + block.first_storage, list.arguments[i].access());
    }
    r.cut_block(block, length);
    EXPECT_EQ(r.trace(), expected.trace()) << length;
    for (Recorder* one : {&expected, &r}) one->set_category(one->alloc(kCompute, 8), one->intern_category("last"));
    EXPECT_EQ(r.trace(), expected.trace()) << length;
  }
}

TEST(Recorder, RefusesMoreArgumentsThanANodeCanCount) {
  Recorder r(0, 1);
  const std::vector<Argument> arguments(65536, reads(0));
  EXPECT_THROW(r.op(0, r.intern(mm(1)), arguments), config::ContractError);
  EXPECT_TRUE(r.trace().nodes.empty());
}

}  // namespace
}  // namespace titan::trace
