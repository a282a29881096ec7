#pragma once

#include <cstdint>
#include <cstring>

#include "runtime/ops/vector_loops.h"

namespace titan::ops::short_attention {

/// Sides of a tile of a product: buffers are padded to multiples of them.
inline constexpr int64_t kTileRows = 8, kTileColumns = 16;

constexpr int64_t padded(int64_t size) { return (size + kTileColumns - 1) / kTileColumns * kTileColumns; }

/// A matrix that is read element by element: transposing it costs nothing.
struct Factor {
  const float* data;
  int64_t row_stride, column_stride;

  Factor transposed() const { return {data, column_stride, row_stride}; }
};

/// A matrix of dense rows, read and written in vectors.
template <class Element>
struct Rows {
  Element* data;
  int64_t row_stride;
};

using Vector [[gnu::vector_size(64)]] = float;
static_assert(sizeof(Vector) == kTileColumns * sizeof(float));

TITAN_VECTOR_LOOP void load(const float* from, Vector& to) { std::memcpy(&to, from, sizeof(to)); }
TITAN_VECTOR_LOOP void store(float* to, const Vector& from) { std::memcpy(to, &from, sizeof(from)); }

template <bool adds>
TITAN_VECTOR_LOOP void multiply_tile(const Factor& a, const float* b, int64_t b_stride, float* c, int64_t c_stride,
                                     int64_t depth) {
  Vector sums[kTileRows] = {};
  for (int64_t k = 0; k < depth; ++k) {
    Vector row;
    load(b + k * b_stride, row);
#pragma GCC unroll 8
    for (int64_t i = 0; i < kTileRows; ++i) sums[i] += a.data[i * a.row_stride + k * a.column_stride] * row;
  }
#pragma GCC unroll 8
  for (int64_t i = 0; i < kTileRows; ++i) {
    Vector before = {};
    if constexpr (adds) load(c + i * c_stride, before);
    store(c + i * c_stride, before + sums[i]);
  }
}

/// c [rows, columns] = a [rows, depth] · b [depth, columns], or with `adds` += it. rows and columns are multiples of
/// the tile's.
template <bool adds>
TITAN_VECTOR_LOOP void multiply(const Factor& a, Rows<const float> b, Rows<float> c, int64_t rows, int64_t columns,
                                int64_t depth) {
  for (int64_t i = 0; i < rows; i += kTileRows) {
    const Factor a_rows{a.data + i * a.row_stride, a.row_stride, a.column_stride};
    for (int64_t j = 0; j < columns; j += kTileColumns) {
      multiply_tile<adds>(a_rows, b.data + j, b.row_stride, c.data + i * c.row_stride + j, c.row_stride, depth);
    }
  }
}

}  // namespace titan::ops::short_attention
