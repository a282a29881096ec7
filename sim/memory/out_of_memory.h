#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace titan::memory {

/// The numbers of PyTorch's out-of-memory message, in bytes.
struct OutOfMemory {
  int device_index = 0;
  uint64_t tried_bytes = 0;  // the request, rounded up to the segment that it needs
  uint64_t capacity_bytes = 0;
  uint64_t free_bytes = 0;                               // on the device
  uint64_t process_bytes = 0;                            // used on the device, by the allocator and by others
  std::optional<uint64_t> allowed_bytes = std::nullopt;  // with memory_fraction
  uint64_t allocated_bytes = 0;
  uint64_t reserved_bytes = 0;
};

/// The facts in the words and the order of PyTorch's message, without its advice: a log of the real run can be
/// compared.
std::string to_text(const OutOfMemory& facts);

/// As PyTorch writes sizes: "512 bytes", "1.50 GiB".
std::string format_size(uint64_t bytes);

/// Thrown by malloc; the allocator can be used on.
class OutOfMemoryError : public std::runtime_error {
 public:
  explicit OutOfMemoryError(const OutOfMemory& facts) : std::runtime_error(to_text(facts)), facts_(facts) {}
  const OutOfMemory& facts() const { return facts_; }

 private:
  OutOfMemory facts_;
};

}  // namespace titan::memory
