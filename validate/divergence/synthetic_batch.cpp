#include "validate/divergence/synthetic_batch.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "runtime/ops/cross_entropy.h"

namespace titan::validate {
namespace {

constexpr int64_t kIgnoredCycle = 5;  // row r ignores its first r mod this many labels

// Spreads the bits of a counter: the same numbers on every machine.
uint64_t mixed(uint64_t number) {
  number = (number ^ (number >> 33)) * 0xff51afd7ed558ccdull;
  number = (number ^ (number >> 33)) * 0xc4ceb9fe1a85ec53ull;
  return number ^ (number >> 33);
}

}  // namespace

data::Batch synthetic_batch(int64_t step, int64_t num_rows, int64_t seq_len, int64_t vocab_size) {
  data::Batch batch{.tokens = at::empty({num_rows, seq_len}, at::kLong),
                    .labels = at::empty({num_rows, seq_len}, at::kLong)};
  auto* tokens = batch.tokens.mutable_data_ptr<int64_t>();
  auto* labels = batch.labels.mutable_data_ptr<int64_t>();
  for (int64_t i = 0; i < num_rows * seq_len; ++i) {
    const uint64_t number = mixed((static_cast<uint64_t>(step) << 40) + static_cast<uint64_t>(i) + 1);
    const int64_t num_ignored = std::min(i / seq_len % kIgnoredCycle, seq_len - 1);
    tokens[i] = static_cast<int64_t>(number % static_cast<uint64_t>(vocab_size));
    const auto label = static_cast<int64_t>(mixed(number) % static_cast<uint64_t>(vocab_size));
    labels[i] = i % seq_len < num_ignored ? ops::kIgnoredLabel : label;
  }
  return batch;
}

data::Batch rows(const data::Batch& batch, int64_t begin, int64_t count) {
  return {.tokens = batch.tokens.narrow(0, begin, count), .labels = batch.labels.narrow(0, begin, count)};
}

}  // namespace titan::validate
