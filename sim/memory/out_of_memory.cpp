#include "sim/memory/out_of_memory.h"

#include <iomanip>
#include <sstream>

#include "sim/memory/allocator_options.h"

namespace titan::memory {

std::string format_size(uint64_t bytes) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2);
  const auto value = static_cast<double>(bytes);
  if (bytes <= 1024) {
    text << bytes << " bytes";
  } else if (bytes <= kMiB) {
    text << value / 1024.0 << " KiB";
  } else if (bytes <= kGiB) {
    text << value / static_cast<double>(kMiB) << " MiB";
  } else {
    text << value / static_cast<double>(kGiB) << " GiB";
  }
  return text.str();
}

std::string to_text(const OutOfMemory& facts) {
  std::ostringstream text;
  text << "CUDA out of memory. Tried to allocate " << format_size(facts.tried_bytes) << ". GPU " << facts.device_index
       << " has a total capacity of " << format_size(facts.capacity_bytes) << " of which "
       << format_size(facts.free_bytes) << " is free. Including non-PyTorch memory, this process has "
       << format_size(facts.process_bytes) << " memory in use. ";
  if (facts.allowed_bytes) text << format_size(*facts.allowed_bytes) << " allowed; ";
  text << "Of the allocated memory " << format_size(facts.allocated_bytes) << " is allocated by PyTorch, and "
       << format_size(facts.reserved_bytes - facts.allocated_bytes) << " is reserved by PyTorch but unallocated.";
  return text.str();
}

}  // namespace titan::memory
