#include "sim/trace/happens_before.h"

#include <gtest/gtest.h>

#include "sim/trace/well_formed.h"
#include "tests/sim/trace/small_traces.h"

namespace titan::trace {
namespace {

using Kind = Hazard::Kind;

std::vector<Kind> kinds(const Recorder& r) {
  EXPECT_EQ(find_fault(r.trace()), std::nullopt);
  std::vector<Kind> found;
  for (const Hazard& hazard : find_hazards(r.trace())) found.push_back(hazard.kind);
  return found;
}

const std::vector<Kind> kNone;

TEST(HappensBefore, ACorrectStepHasNoHazard) {
  const auto hazards = find_hazards(small_step());
  EXPECT_TRUE(hazards.empty()) << hazards.front().what;
}

// Every wait of small_step is needed: without any one of them a hazard appears. Taken out are wait_event nodes; the one
// before the free of the gathered weight is needed only by a later use of that memory, which is added.
TEST(HappensBefore, ACorrectStepNeedsEachOfItsWaits) {
  Trace whole = small_step();
  const uint32_t next = whole.num_storages++;
  whole.nodes.push_back({NodeKind::alloc, kGather, 0, next, 128});
  whole.nodes.push_back({NodeKind::op, kGather, 1, 0, whole.arguments.size()});
  whole.arguments.push_back(writes(next));
  ASSERT_TRUE(find_hazards(whole).empty());
  size_t num_waits = 0;
  for (size_t i = 0; i < whole.nodes.size(); ++i) {
    if (whole.nodes[i].kind != NodeKind::wait_event) continue;
    Trace broken = whole;
    // the host waits at the end order what was added; here they must not
    std::erase_if(broken.nodes, [](const Node& node) {
      return node.kind == NodeKind::host_sync || node.kind == NodeKind::host_wait;
    });
    ASSERT_TRUE(find_hazards(broken).empty());
    broken.nodes.erase(broken.nodes.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(find_hazards(broken).empty()) << "without node " << i;
    ++num_waits;
  }
  EXPECT_EQ(num_waits, 4u);
}

TEST(HappensBefore, AReadMustWaitForAWriteOnAnotherStream) {
  SmallRecorder r;
  const uint32_t s = r.alloc(kCompute, 8);
  r.work(kGather, "write", {writes(s)});
  r.work(kCompute, "read", {reads(s)});
  const auto hazards = find_hazards(r.trace());
  ASSERT_EQ(hazards.size(), 1u);
  EXPECT_EQ(hazards[0].kind, Kind::read_before_write);
  EXPECT_EQ(hazards[0].node, 2u);
  EXPECT_EQ(hazards[0].other, 1u);
  EXPECT_EQ(hazards[0].storage, s);
  EXPECT_EQ(hazards[0].what,
            "node 2 'read bfloat16 -> (s0) @compute' uses s0, written by node 1 'write bfloat16 -> (=s0) @all_gather'; "
            "missing: a wait on compute for an event recorded on all_gather after node 1");
}

TEST(HappensBefore, StreamOrderIsEnough) {
  SmallRecorder r;
  const uint32_t s = r.alloc(kCompute, 8);
  r.work(kCompute, "write", {writes(s)});
  r.work(kCompute, "read", {reads(s)});
  r.work(kCompute, "write", {writes(s)});
  EXPECT_EQ(kinds(r), kNone);
}

/// A tensor on the device and one in host memory, and their copies and work.
class OffloadedRecorder : public SmallRecorder {
 public:
  const uint32_t device = alloc(kCompute, 8), host = alloc(kPinnedPool, 8);
  void copy(uint32_t from, uint32_t to) {
    const Argument arguments[] = {reads(from), writes(to)};
    op(kGather, intern(OpDescriptor{.name = "copy", .op_class = OpClass::copy}), arguments);
  }
  void host_work(Argument argument) {
    op(kHostStream, intern(OpDescriptor{.name = "adam", .op_class = OpClass::host}), {&argument, 1});
  }
};

TEST(HappensBefore, TheHostMustWaitForCopiesThatItReads) {
  for (const bool waits : {false, true}) {
    OffloadedRecorder r;
    r.work(kGather, "write", {writes(r.device)});
    r.copy(r.device, r.host);
    const uint32_t copied = r.record_event(kGather);
    if (waits) r.host_wait(copied);
    r.host_work(reads(r.host));
    EXPECT_EQ(kinds(r), waits ? kNone : std::vector{Kind::read_before_write});
  }
}

TEST(HappensBefore, WhatTheHostIssuesLaterComesAfterItsWork) {
  OffloadedRecorder r;
  r.host_work(writes(r.host));
  r.copy(r.host, r.device);
  EXPECT_EQ(kinds(r), kNone);
}

TEST(HappensBefore, TheHostMustNotWriteWhatIsBeingCopied) {
  OffloadedRecorder r;
  r.host_work(writes(r.host));
  r.copy(r.host, r.device);
  r.host_work(reads_and_writes(r.host));
  EXPECT_EQ(kinds(r), std::vector{Kind::write_before_read});
}

// LibTorch's host allocator gives pinned memory out again when the copies from it are done.
TEST(HappensBefore, PinnedMemoryMayBeFreedUnderACopy) {
  OffloadedRecorder r;
  r.host_work(writes(r.host));
  r.copy(r.host, r.device);
  r.free(kPinnedPool, r.host, 8);
  const uint32_t next = r.alloc(kPinnedPool, 8);
  r.host_work(writes(next));
  EXPECT_EQ(kinds(r), kNone);
}

TEST(HappensBefore, AnEventRecordedTooEarlyDoesNotHelp) {
  SmallRecorder r;
  const uint32_t s = r.alloc(kCompute, 8);
  const uint32_t early = r.record_event(kGather);
  r.work(kGather, "write", {writes(s)});
  r.wait_event(kCompute, early);
  r.work(kCompute, "read", {reads(s)});
  EXPECT_EQ(kinds(r), std::vector{Kind::read_before_write});
}

TEST(HappensBefore, AnEventWaitedForOnAThirdStreamDoesNotHelp) {
  SmallRecorder r;
  const uint32_t s = r.alloc(kCompute, 8);
  r.work(kGather, "write", {writes(s)});
  r.wait_event(kScatter, r.record_event(kGather));
  r.work(kCompute, "read", {reads(s)});
  EXPECT_EQ(kinds(r), std::vector{Kind::read_before_write});
}

TEST(HappensBefore, WaitsAreTransitive) {
  SmallRecorder r;
  const uint32_t s = r.alloc(kCompute, 8);
  r.work(kGather, "write", {writes(s)});
  r.wait_event(kScatter, r.record_event(kGather));
  r.wait_event(kCompute, r.record_event(kScatter));
  r.work(kCompute, "read", {reads(s)});
  EXPECT_EQ(kinds(r), kNone);
}

TEST(HappensBefore, AWriteMustWaitForReadsOnEveryStream) {
  SmallRecorder r;
  const uint32_t s = r.alloc(kCompute, 8);
  r.work(kCompute, "write", {writes(s)});
  const uint32_t written = r.record_event(kCompute);
  for (const uint8_t stream : {kGather, kScatter}) {
    r.wait_event(stream, written);
    r.work(stream, "read", {reads(s)});
  }
  r.wait_event(kCompute, r.record_event(kGather));
  r.work(kCompute, "write", {writes(s)});
  const auto hazards = find_hazards(r.trace());
  ASSERT_EQ(hazards.size(), 1u);
  EXPECT_EQ(hazards[0].kind, Kind::write_before_read);
  EXPECT_EQ(hazards[0].other, 6u);  // the read on reduce_scatter
}

TEST(HappensBefore, AWriteMustWaitForAWrite) {
  SmallRecorder r;
  const uint32_t s = r.alloc(kCompute, 8);
  r.work(kCompute, "write", {writes(s)});
  r.work(kGather, "write", {writes(s)});
  EXPECT_EQ(kinds(r), std::vector{Kind::write_before_write});
}

TEST(HappensBefore, ReadsNeedNoOrderAmongThemselves) {
  SmallRecorder r;
  const uint32_t s = r.alloc(kCompute, 8);
  r.work(kCompute, "write", {writes(s)});
  r.wait_event(kGather, r.record_event(kCompute));
  r.work(kGather, "read", {reads(s)});
  r.work(kCompute, "read", {reads(s)});
  EXPECT_EQ(kinds(r), kNone);
}

TEST(HappensBefore, WhatNothingWroteMustNotBeRead) {
  SmallRecorder r;
  const uint32_t a = r.alloc(kCompute, 8), b = r.alloc(kCompute, 8);
  r.work(kCompute, "fill_", {reads_and_writes(a)});
  r.work(kCompute, "read", {reads(b)});
  EXPECT_EQ(kinds(r), std::vector{Kind::read_unwritten});
}

TEST(HappensBefore, TheHostOrdersWhatItIssuesAfterItsWaits) {
  for (const bool by_event : {false, true}) {
    SmallRecorder r;
    const uint32_t s = r.alloc(kCompute, 8);
    r.work(kGather, "write", {writes(s)});
    if (by_event)
      r.host_wait(r.record_event(kGather));
    else
      r.host_sync(kGather);
    r.work(kCompute, "read", {reads(s)});
    EXPECT_EQ(kinds(r), kNone);
  }
  SmallRecorder r;
  const uint32_t s = r.alloc(kCompute, 8);
  r.work(kGather, "write", {writes(s)});
  r.host_sync(kScatter);
  r.work(kCompute, "read", {reads(s)});
  EXPECT_EQ(kinds(r), std::vector{Kind::read_before_write});
}

TEST(HappensBefore, ACommunicatorIsFirstInFirstOut) {
  for (const bool same_group : {true, false}) {
    SmallRecorder r;
    const uint32_t s = r.alloc(kCompute, 8);
    r.collect(kGather, CollectiveKind::all_gather, "fsdp", {0, 1}, 8, {writes(s)});
    r.collect(kScatter, CollectiveKind::reduce_scatter, same_group ? "fsdp" : "tp", {0, 1}, 8, {reads(s)});
    EXPECT_EQ(kinds(r), same_group ? kNone : std::vector{Kind::read_before_write});
  }
}

// The memory of s goes back to compute's pool while all_gather still reads it; t may get it.
TEST(HappensBefore, FreedMemoryMustNotBeReusedWhileAnotherStreamWorksOnIt) {
  for (const bool waits : {false, true}) {
    SmallRecorder r;
    const uint32_t s = r.alloc(kCompute, 8);
    r.work(kCompute, "write", {writes(s)});
    r.wait_event(kGather, r.record_event(kCompute));
    r.work(kGather, "read", {reads(s)});
    const uint32_t read = r.record_event(kGather);
    r.free(kCompute, s, 8);
    const uint32_t t = r.alloc(kCompute, 8);
    if (waits) r.wait_event(kCompute, read);  // after the free, but in time
    r.work(kCompute, "write", {writes(t)});
    EXPECT_EQ(kinds(r), waits ? kNone : std::vector{Kind::reuse});
  }
}

TEST(HappensBefore, ReuseWithinOnePoolIsOrderedByItsStream) {
  SmallRecorder r;
  for (int i = 0; i < 3; ++i) {
    const uint32_t s = r.alloc(kCompute, 8);
    r.work(kCompute, "write", {writes(s)});
    r.free(kCompute, s, 8);
  }
  EXPECT_EQ(kinds(r), kNone);
}

// t comes from compute's pool, where s's memory lies, but is first used on all_gather, which never waits for compute.
TEST(HappensBefore, MemoryOfAnotherPoolNeedsAWaitForItsStream) {
  for (const bool waits : {false, true}) {
    SmallRecorder r;
    const uint32_t s = r.alloc(kCompute, 8);
    r.work(kCompute, "write", {writes(s)});
    r.free(kCompute, s, 8);
    const uint32_t t = r.alloc(kCompute, 8);
    if (waits) r.wait_event(kGather, r.record_event(kCompute));
    r.work(kGather, "write", {writes(t)});
    EXPECT_EQ(kinds(r), waits ? kNone : std::vector{Kind::reuse});
  }
}

TEST(HappensBefore, AStorageAllocatedBeforeTheFreeDoesNotReuseIt) {
  SmallRecorder r;
  const uint32_t s = r.alloc(kCompute, 8), t = r.alloc(kCompute, 8);
  r.work(kGather, "write", {writes(s)});
  r.free(kCompute, s, 8);
  r.work(kCompute, "write", {writes(t)});
  EXPECT_EQ(kinds(r), kNone);
  const uint32_t u = r.alloc(kGather, 8);  // another pool
  r.work(kCompute, "write", {writes(u)});
  EXPECT_EQ(kinds(r), kNone);
}

TEST(HappensBefore, TransfersOfABatchHaveNoOrder) {
  for (const bool in_batch : {false, true}) {
    SmallRecorder r;
    const uint32_t s = r.alloc(kP2p, 8);
    r.work(kP2p, "write", {writes(s)});
    const uint32_t transfer = r.transfer_to({0, 1}, 1, 8);
    const std::vector<Argument> out{reads(s)}, in{writes(s)};
    if (in_batch) r.begin_batch(kP2p);
    r.send(kP2p, transfer, out);
    r.recv(kP2p, transfer, in);
    if (in_batch) r.end_batch(kP2p);
    EXPECT_EQ(kinds(r), in_batch ? std::vector{Kind::write_before_read} : kNone);
  }
}

TEST(HappensBefore, ABatchIsIssuedAtItsEnd) {
  SmallRecorder r;
  const uint32_t s = r.alloc(kP2p, 8);
  r.begin_batch(kP2p);
  const std::vector<Argument> in{writes(s)};
  r.recv(kP2p, r.transfer_to({0, 1}, 1, 8), in);
  r.free(kP2p, s, 8);
  r.end_batch(kP2p);
  EXPECT_EQ(kinds(r), std::vector{Kind::use_after_free});
}

TEST(HappensBefore, StopsAtTheLimit) {
  SmallRecorder r;
  const uint32_t s = r.alloc(kCompute, 8);
  r.work(kCompute, "write", {writes(s)});
  for (int i = 0; i < 100; ++i) r.work(i % 2 == 0 ? kGather : kScatter, "write", {writes(s)});
  EXPECT_EQ(find_hazards(r.trace(), 5).size(), 5u);
  EXPECT_EQ(find_hazards(r.trace(), 1000).size(), 100u);
}

}  // namespace
}  // namespace titan::trace
