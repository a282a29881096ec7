#include "sim/trace/trace_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"
#include "sim/trace/byte_form.h"
#include "sim/trace/well_formed.h"
#include "tests/sim/trace/small_traces.h"

namespace titan::trace {
namespace {

std::string message(std::string_view bytes) {
  try {
    decode(bytes, "step.trace");
  } catch (const config::ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

std::filesystem::path temporary_file() {
  return std::filesystem::temp_directory_path() / ("titan_trace_test_" + std::to_string(::getpid()));
}

TEST(TraceFile, RoundTripIsExact) {
  const Trace trace = small_step();
  EXPECT_EQ(decode(encode(trace), "memory"), trace);
  write_trace(trace, temporary_file());
  EXPECT_EQ(read_trace(temporary_file()), trace);
  std::filesystem::remove(temporary_file());
}

TEST(TraceFile, RoundTripIsExactAtTheLimits) {
  SmallRecorder r(INT32_MAX - 1, INT32_MAX);
  OpDescriptor op{.name = std::string(1000, '\0'), .inputs = {{}, {INT64_MAX, 0}}, .outputs = {}};
  op.extents = {INT64_MIN, INT64_MAX, -1, 0, 1, 2};
  op.flops = 5e-324;
  op.bytes_read = 1.7976931348623157e308;
  r.alloc(kPinnedPool - 1, UINT64_MAX);  // the last of the device's streams
  const std::vector<Argument> arguments(65535, reads_and_writes(0));
  r.op(kPinnedPool - 1, r.intern(std::move(op)), arguments);
  const Trace trace = r.take();
  EXPECT_EQ(decode(encode(trace), "memory"), trace);
}

TEST(TraceFile, TakesFewBytesPerNode) {
  SmallRecorder r;
  for (int i = 0; i < 1000; ++i) {
    const uint32_t storage = r.alloc(kCompute, 1 << 20);
    r.work(kCompute, "aten::add", {writes(storage)});
    if (i > 0) r.free(kCompute, storage - 1, 1 << 20);
  }
  // alloc: head, category and 3 bytes of size; op: head, number, count, one argument; free: head and distance
  EXPECT_LT(encode(r.trace()).size(), 1000u * (5 + 4 + 2) + 200);
}

TEST(TraceFile, TruncationAnywhereIsNamedWithItsOffset) {
  const std::string bytes = encode(small_step());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::string text = message(bytes.substr(0, size));
    EXPECT_TRUE(text.starts_with("step.trace: byte ")) << size << ": " << text;
  }
  EXPECT_EQ(message(bytes.substr(0, 3)), "step.trace: byte 0: not a trace");
  EXPECT_EQ(message(bytes + "x"),
            "step.trace: byte " + std::to_string(bytes.size()) + ": the file goes on after the trace");
}

TEST(TraceFile, AnotherVersionIsNamed) {
  std::string bytes = encode(small_step());
  bytes[kMagic.size()] = 2;
  EXPECT_EQ(message(bytes), "step.trace: byte 13: version 2, this program reads version 1");
}

TEST(TraceFile, DamagedBytesGiveAWellFormedTraceOrAnError) {
  std::mt19937 random(3);
  const std::string bytes = encode(small_step());
  size_t num_accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = bytes;
    for (unsigned n = 1 + random() % 3; n > 0; --n) damaged[random() % bytes.size()] = static_cast<char>(random());
    try {
      const Trace trace = decode(damaged, "damaged");
      ASSERT_EQ(find_fault(trace), std::nullopt);
      ASSERT_EQ(decode(encode(trace), "again"), trace);
      ++num_accepted;
    } catch (const config::ConfigError&) {
    }
  }
  EXPECT_GT(num_accepted, 100u);
  EXPECT_LT(num_accepted, 19900u);
}

TEST(TraceFile, ACountThatTheFileCannotHoldAllocatesNothing) {
  std::string bytes(kMagic);
  bytes += {1, 0, 1};                           // version, rank, world size
  bytes += "\xff\xff\xff\xff\xff\xff\xff\x7f";  // names
  EXPECT_EQ(message(bytes), "step.trace: byte 15: the file ends before the 72057594037927935 entries announced");
}

TEST(TraceFile, RefusesToWriteAMalformedTrace) {
  Trace trace = small_step();
  trace.nodes.pop_back();
  EXPECT_THROW(encode(trace), config::ContractError);
}

TEST(TraceFile, MissingFilesAndFoldersAreNamed) {
  EXPECT_THROW(read_trace(temporary_file() / "missing"), config::ConfigError);
  EXPECT_THROW(read_trace(std::filesystem::temp_directory_path()), config::ConfigError);
}

}  // namespace
}  // namespace titan::trace
