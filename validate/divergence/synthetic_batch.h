#pragma once

#include "runtime/data/data_loader.h"

namespace titan::validate {

/// Pseudo-random tokens and labels [num_rows, seq_len] below `vocab_size`, determined by the arguments. Row r ignores
/// its first r mod 5 labels (but never all of them), so that ranks hold different numbers of labels.
data::Batch synthetic_batch(int64_t step, int64_t num_rows, int64_t seq_len, int64_t vocab_size);

/// Rows [begin, begin + count) of a batch.
data::Batch rows(const data::Batch& batch, int64_t begin, int64_t count);

}  // namespace titan::validate
