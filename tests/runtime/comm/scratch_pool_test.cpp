#include "runtime/comm/scratch_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>

namespace titan::comm {
namespace {

TEST(ScratchPool, LendsTheSameBufferAgain) {
  ScratchPool pool;
  Scratch first = pool.borrow(1 << 20);
  const std::byte* data = first.data();
  first.release();
  EXPECT_FALSE(first);
  EXPECT_EQ(pool.borrow(1 << 20).data(), data);
}

TEST(ScratchPool, NeverLendsABufferTwiceAtOnce) {
  ScratchPool pool;
  pool.borrow(1 << 20).release();
  const Scratch a = pool.borrow(1 << 20);
  const Scratch b = pool.borrow(1 << 20);
  EXPECT_NE(a.data(), b.data());
}

TEST(ScratchPool, AlignsBuffersOfEverySizeAndHoldsThatManyBytes) {
  ScratchPool pool;
  for (const int64_t bytes : {0, 1, 63, 64, 65, 65536, 65537, 1000003}) {
    const Scratch scratch = pool.borrow(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(scratch.data()) % 64, 0u) << bytes;
    for (int64_t i = 0; i < bytes; ++i) scratch.data()[i] = std::byte{1};  // the address sanitizer would object
  }
}

TEST(Scratch, BelongsToOneOwnerAfterAMove) {
  ScratchPool pool;
  Scratch a = pool.borrow(100);
  const std::byte* data = a.data();
  Scratch b = std::move(a);
  EXPECT_FALSE(a);
  EXPECT_EQ(b.data(), data);
}

}  // namespace
}  // namespace titan::comm
