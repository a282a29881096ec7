#include "runtime/parallel/fsdp/sharded_parameter.h"

#include <algorithm>

namespace titan::parallel {

int64_t ShardedParameter::rows_of(int rank) const {
  const int64_t chunk_rows = row_numel == 0 ? 0 : chunk_numel / row_numel;
  return std::max<int64_t>(0, std::min(rows - chunk_rows * rank, chunk_rows));
}

}  // namespace titan::parallel
