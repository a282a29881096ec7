#include "sim/memory/out_of_memory.h"

#include <gtest/gtest.h>

#include "sim/memory/allocator_options.h"

namespace titan::memory {
namespace {

TEST(FormatSize, ChangesUnitAboveEachPowerOf1024) {
  EXPECT_EQ(format_size(0), "0 bytes");
  EXPECT_EQ(format_size(1024), "1024 bytes");
  EXPECT_EQ(format_size(1536), "1.50 KiB");
  EXPECT_EQ(format_size(kMiB), "1024.00 KiB");
  EXPECT_EQ(format_size(20 * kMiB), "20.00 MiB");
  EXPECT_EQ(format_size(kGiB), "1024.00 MiB");
  EXPECT_EQ(format_size(80 * kGiB), "80.00 GiB");
}

TEST(OutOfMemory, SaysPyTorchsNumbersInPyTorchsOrder) {
  OutOfMemory facts = {.device_index = 3,
                       .tried_bytes = 2 * kGiB,
                       .capacity_bytes = 80 * kGiB,
                       .free_bytes = kGiB,
                       .process_bytes = 79 * kGiB,
                       .allocated_bytes = 70 * kGiB,
                       .reserved_bytes = 75 * kGiB};
  EXPECT_EQ(
      to_text(facts),
      "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 3 has a total capacity of 80.00 GiB of which 1024.00 MiB is "
      "free. Including non-PyTorch memory, this process has 79.00 GiB memory in use. Of the allocated memory 70.00 GiB "
      "is allocated by PyTorch, and 5.00 GiB is reserved by PyTorch but unallocated.");
  facts.allowed_bytes = 76 * kGiB;
  EXPECT_NE(to_text(facts).find(" memory in use. 76.00 GiB allowed; Of the allocated memory "), std::string::npos);
}

}  // namespace
}  // namespace titan::memory
