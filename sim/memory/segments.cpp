#include "sim/memory/segments.h"

#include "sim/memory/expandable_segments.h"
#include "sim/memory/native_segments.h"

namespace titan::memory {

std::unique_ptr<Segments> make_segments(Heap& heap) {
  if (heap.options.expandable_segments) return std::make_unique<ExpandableSegments>(heap);
  return std::make_unique<NativeSegments>(heap);
}

}  // namespace titan::memory
