#include <cstddef>
#include <cstdint>

#include "tests/fuzz/schedule_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  titan::fuzz::try_schedule({reinterpret_cast<const char*>(data), size});
  return 0;
}
