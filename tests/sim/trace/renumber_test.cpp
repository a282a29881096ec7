#include "sim/trace/renumber.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/trace/difference.h"
#include "sim/trace/recorder.h"

namespace titan::trace {
namespace {

OpDescriptor op(const std::string& name) { return {.name = name}; }

/// The same nodes, with descriptors found out in another order and one that nothing uses.
Trace record(bool in_another_order) {
  Recorder r(0, 2);
  const uint32_t group = r.intern(Group{.name = "pair", .ranks = {0, 1}});
  if (in_another_order) {
    r.intern(op("unused"));
    r.intern("unused");
    r.intern(op("second"));
    r.intern("inner");
    r.intern(TransferDescriptor{.group = group, .peer = 1, .bytes = 8});
    r.intern(CollectiveDescriptor{.kind = CollectiveKind::all_reduce, .group = group, .bytes = 8});
  }
  r.begin_scope("outer");
  r.begin_scope("inner");
  const uint32_t storage = r.alloc(0, 8);
  const Argument argument(storage, Argument::Access::read_write);
  for (const char* name : {"first", "second", "first"}) r.op(0, r.intern(op(name)), {&argument, 1});
  for (const double bytes : {4.0, 8.0}) {
    r.collective(0, r.intern(CollectiveDescriptor{.kind = CollectiveKind::all_reduce, .group = group, .bytes = bytes}),
                 {&argument, 1});
    r.send(0, r.intern(TransferDescriptor{.group = group, .peer = 1, .bytes = bytes}), {&argument, 1});
  }
  r.end_scope();
  r.end_scope();
  return r.take();
}

TEST(RenumberByUse, MakesTracesOfOneMeaningEqual) {
  Trace plain = record(false), other = record(true);
  EXPECT_NE(plain, other);
  const Trace before = other;
  renumber_by_use(other);
  EXPECT_EQ(first_difference(before, other), std::nullopt);
  renumber_by_use(plain);
  EXPECT_EQ(plain, other);
}

TEST(RenumberByUse, DropsWhatNothingUsesAndKeepsGroups) {
  Recorder r(0, 2);
  r.intern(Group{.name = "pair", .ranks = {0, 1}});
  r.intern(op("unused"));
  r.intern("unused");
  Trace trace = r.take();
  renumber_by_use(trace);
  EXPECT_TRUE(trace.ops.empty());
  EXPECT_TRUE(trace.names.empty());
  EXPECT_EQ(trace.groups.size(), 1u);
}

}  // namespace
}  // namespace titan::trace
