#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>

#include "runtime/ops/short_attention/product.h"

namespace titan::ops::short_attention {

/// Queries that are worked on together; their scores stay in the nearest cache.
inline constexpr int64_t kBlock = 32;

/// Sizes of one attention: B batch, H query heads, K key heads, S queries, T keys, D head size.
struct Sizes {
  Sizes(const at::Tensor& q_BHSD, const at::Tensor& k_BKTD)
      : batch(q_BHSD.size(0)),
        heads(q_BHSD.size(1)),
        kv_heads(k_BKTD.size(1)),
        queries(q_BHSD.size(2)),
        keys(k_BKTD.size(2)),
        head_size(q_BHSD.size(3)) {}

  int64_t heads_per_kv() const { return heads / kv_heads; }
  int64_t padded_keys() const { return padded(keys); }
  int64_t padded_head() const { return padded(head_size); }

  int64_t batch, heads, kv_heads, queries, keys, head_size;
};

/// A tensor [batch, heads, tokens, head size] with dense rows, by pointer.
template <class T>
struct Heads {
  T* data;
  int64_t batch_stride, head_stride, token_stride;

  T* row(int64_t batch, int64_t head, int64_t token) const {
    return data + batch * batch_stride + head * head_stride + token * token_stride;
  }
};

template <class T>
Heads<const T> read_heads(const at::Tensor& x) {
  return {x.const_data_ptr<T>(), x.stride(0), x.stride(1), x.stride(2)};
}

template <class T>
Heads<T> write_heads(const at::Tensor& x) {
  return {x.mutable_data_ptr<T>(), x.stride(0), x.stride(1), x.stride(2)};
}

/// A block of queries and the keys that they read: with a causal mask none after the block.
struct QueryBlock {
  QueryBlock(const Sizes& sizes, int64_t first, bool is_causal)
      : begin(first),
        count(std::min(kBlock, sizes.queries - first)),
        causal(is_causal),
        keys(is_causal ? std::min(first + count, sizes.keys) : sizes.keys) {}

  int64_t padded_keys() const { return padded(keys); }
  /// The keys that query begin + `row` reads; 0 for rows after the last query.
  int64_t keys_of(int64_t row) const { return row >= count ? 0 : causal ? begin + row + 1 : keys; }

  int64_t begin, count;
  bool causal;
  int64_t keys;
};

/// Copies `count` tokens of one head to float32 rows of `row_stride`, times `factor`; the rest of `rows` rows becomes
/// 0.
template <class T>
TITAN_VECTOR_LOOP void copy_rows(const Heads<const T>& from, int64_t batch, int64_t head, int64_t begin, int64_t count,
                                 const Sizes& sizes, Rows<float> to, int64_t rows, float factor = 1.0F) {
  for (int64_t i = 0; i < rows; ++i) {
    float* __restrict out = to.data + i * to.row_stride;
    std::fill(out, out + to.row_stride, 0.0F);
    if (i >= count) continue;
    const T* __restrict in = from.row(batch, head, begin + i);
    for (int64_t d = 0; d < sizes.head_size; ++d) out[d] = factor * ops::load(in[d]);
  }
}

/// The same with tokens as columns: [padded head size, padded keys].
template <class T>
TITAN_VECTOR_LOOP void copy_columns(const Heads<const T>& from, int64_t batch, int64_t head, const Sizes& sizes,
                                    Rows<float> to) {
  std::fill(to.data, to.data + sizes.padded_head() * to.row_stride, 0.0F);
  for (int64_t t = 0; t < sizes.keys; ++t) {
    const T* in = from.row(batch, head, t);
    for (int64_t d = 0; d < sizes.head_size; ++d) to.data[d * to.row_stride + t] = ops::load(in[d]);
  }
}

template <class T>
TITAN_VECTOR_LOOP void store_row(const float* __restrict from, T* __restrict to, int64_t count, float factor) {
  for (int64_t d = 0; d < count; ++d) ops::store(to[d], factor * from[d]);
}

}  // namespace titan::ops::short_attention
