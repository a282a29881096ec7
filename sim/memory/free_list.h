#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "sim/memory/block_table.h"
#include "sim/memory/rounding.h"

namespace titan::memory {

/// A FreeList holds blocks below this size.
inline constexpr uint64_t kMaxBlockBytes = uint64_t{1} << 48;

/// Blocks in order of size, then address: the order in which the best fit is searched. Sizes fall into bins, 16 per
/// power of two, found by a bitmap; a bin is a short sorted vector, so all operations are a few nanoseconds without
/// allocation.
class FreeList {
 public:
  struct Entry {
    uint64_t size;
    uint64_t address;
    BlockId block;
    bool operator<(const Entry& other) const {
      return size != other.size ? size < other.size : address < other.address;
    }
  };

  /// A position; changing the list invalidates it.
  struct Cursor {
    uint32_t bin;
    uint32_t index;
  };

  bool at_end(Cursor cursor) const { return cursor.bin == kNumBins; }
  const Entry& operator[](Cursor cursor) const { return bins_[cursor.bin][cursor.index]; }
  Cursor begin() const { return {first_bin_from(0), 0}; }
  Cursor end() const { return {kNumBins, 0}; }

  Cursor after(Cursor cursor) const {
    if (cursor.index + 1 < bins_[cursor.bin].size()) return {cursor.bin, cursor.index + 1};
    return {first_bin_from(cursor.bin + 1), 0};
  }

  /// The smallest block of at least `size` bytes, among equals the one with the lowest address.
  Cursor lower_bound(uint64_t size) const {
    const uint32_t bin = bin_of(size);
    const std::vector<Entry>& entries = bins_[bin];
    const uint32_t index = find(entries, {size, 0, kNoBlock});
    if (index < entries.size()) return {bin, index};
    return {first_bin_from(bin + 1), 0};
  }

  void insert(const Entry& entry) {
    const uint32_t bin = bin_of(entry.size);
    std::vector<Entry>& entries = bins_[bin];
    entries.insert(entries.begin() + find(entries, entry), entry);
    used_[bin / 64] |= uint64_t{1} << (bin % 64);
  }

  void erase(Cursor cursor) {
    std::vector<Entry>& entries = bins_[cursor.bin];
    entries.erase(entries.begin() + cursor.index);
    if (entries.empty()) used_[cursor.bin / 64] &= ~(uint64_t{1} << (cursor.bin % 64));
  }

  /// Erases the block with this size and address, which is in the list.
  void erase(uint64_t size, uint64_t address) {
    const uint32_t bin = bin_of(size);
    erase(Cursor{bin, find(bins_[bin], {size, address, kNoBlock})});
  }

  /// The last block of at least `size` bytes, or end: the largest.
  Cursor last_from(uint64_t size) const {
    Cursor last = lower_bound(size);
    if (at_end(last)) return last;
    for (Cursor next = after(last); !at_end(next); next = after(next)) last = next;
    return last;
  }

 private:
  static constexpr uint32_t kNumBins = 576;

  static uint32_t bin_of(uint64_t size) {
    const uint64_t units = size / kMinBlockBytes;
    if (units < 16) return static_cast<uint32_t>(units);
    const int exponent = 63 - std::countl_zero(units);
    return static_cast<uint32_t>((exponent - 3) * 16 + ((units >> (exponent - 4)) & 15));
  }
  static_assert((63 - std::countl_zero(kMaxBlockBytes / kMinBlockBytes - 1) - 3) * 16 + 15 < kNumBins);

  static uint32_t find(const std::vector<Entry>& entries, const Entry& entry) {
    return static_cast<uint32_t>(std::lower_bound(entries.begin(), entries.end(), entry) - entries.begin());
  }

  uint32_t first_bin_from(uint32_t bin) const {
    if (bin >= kNumBins) return kNumBins;
    uint32_t word = bin / 64;
    uint64_t bits = used_[word] & (~uint64_t{0} << (bin % 64));
    while (bits == 0) {
      if (++word == used_.size()) return kNumBins;
      bits = used_[word];
    }
    return word * 64 + static_cast<uint32_t>(std::countr_zero(bits));
  }

  std::array<std::vector<Entry>, kNumBins> bins_;
  std::array<uint64_t, kNumBins / 64> used_ = {};
};

}  // namespace titan::memory
