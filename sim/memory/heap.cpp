#include "sim/memory/heap.h"

#include <algorithm>

namespace titan::memory {
namespace {

std::vector<BlockId>::iterator position(const BlockTable& blocks, std::vector<BlockId>& ids, uint64_t address) {
  return std::lower_bound(ids.begin(), ids.end(), address,
                          [&](BlockId id, uint64_t value) { return blocks[id].address < value; });
}

}  // namespace

void Heap::add_unmapped(BlockId id) {
  std::vector<BlockId>& ids = pool_of(blocks[id]).unmapped;
  ids.insert(position(blocks, ids, blocks[id].address), id);
}

void Heap::remove_unmapped(BlockId id) {
  std::vector<BlockId>& ids = pool_of(blocks[id]).unmapped;
  ids.erase(position(blocks, ids, blocks[id].address));
}

}  // namespace titan::memory
