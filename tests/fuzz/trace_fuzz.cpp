#include <cstddef>
#include <cstdint>

#include "tests/fuzz/trace_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  titan::fuzz::try_trace({reinterpret_cast<const char*>(data), size});
  return 0;
}
