#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <cmath>
#include <limits>
#include <vector>

#include "runtime/ops/short_attention/heads.h"
#include "runtime/ops/short_attention/short_attention.h"
#include "runtime/ops/vector_exp.h"

namespace titan::ops::short_attention {
namespace {

template <class T>
struct Forward {
  Sizes sizes;
  Heads<const T> q, k, v;
  Heads<T> out;
  float* logsumexp;  // [B, H, S]
  bool causal;
  float scale;
};

/// What one thread works on.
struct ForwardBuffers {
  explicit ForwardBuffers(const Sizes& sizes)
      : keys(sizes.padded_head() * sizes.padded_keys()),
        values(sizes.padded_keys() * sizes.padded_head()),
        queries(kBlock * sizes.padded_head()),
        scores(kBlock * sizes.padded_keys()),
        out(kBlock * sizes.padded_head()) {}

  std::vector<float> keys, values, queries, scores, out;  // keys as columns
};

/// Turns scores into exp(score - largest), 0 for keys that are not read. Gives the sum; adds its logarithm to largest.
TITAN_VECTOR_LOOP float exponentiate(float* __restrict scores, int64_t keys, int64_t padded_keys, float& logsumexp) {
  float largest = -std::numeric_limits<float>::infinity();
#pragma omp simd reduction(max : largest)
  for (int64_t t = 0; t < keys; ++t) largest = scores[t] > largest ? scores[t] : largest;
  float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
  for (int64_t t = 0; t < keys; ++t) {
    scores[t] = exponential(scores[t] - largest);
    sum += scores[t];
  }
  for (int64_t t = keys; t < padded_keys; ++t) scores[t] = 0.0F;
  logsumexp = largest + std::log(sum);
  return sum;
}

template <class T>
TITAN_VECTOR_LOOP void attend(const Forward<T>& call, ForwardBuffers& at, int64_t batch, int64_t head,
                              const QueryBlock& block) {
  const auto& sizes = call.sizes;
  const int64_t width = sizes.padded_head(), keys = sizes.padded_keys();
  copy_rows(call.q, batch, head, block.begin, block.count, sizes, {at.queries.data(), width}, kBlock, call.scale);
  multiply<false>({at.queries.data(), width, 1}, {at.keys.data(), keys}, {at.scores.data(), keys}, kBlock,
                  block.padded_keys(), sizes.head_size);
  float sums[kBlock] = {};
  float* logsumexp = call.logsumexp + (batch * sizes.heads + head) * sizes.queries + block.begin;
  for (int64_t i = 0; i < block.count; ++i) {
    sums[i] = exponentiate(at.scores.data() + i * keys, block.keys_of(i), block.padded_keys(), logsumexp[i]);
  }
  multiply<false>({at.scores.data(), keys, 1}, {at.values.data(), width}, {at.out.data(), width}, kBlock, width,
                  block.keys);
  for (int64_t i = 0; i < block.count; ++i) {
    store_row(at.out.data() + i * width, call.out.row(batch, head, block.begin + i), sizes.head_size, 1.0F / sums[i]);
  }
}

/// Key heads [begin, end) of all batches, with the query heads that read them.
template <class T>
TITAN_VECTOR_LOOP void attend_heads(const Forward<T>& call, int64_t begin, int64_t end) {
  const auto& sizes = call.sizes;
  ForwardBuffers at(sizes);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t batch = item / sizes.kv_heads, kv_head = item % sizes.kv_heads;
    copy_columns(call.k, batch, kv_head, sizes, {at.keys.data(), sizes.padded_keys()});
    copy_rows(call.v, batch, kv_head, 0, sizes.keys, sizes, {at.values.data(), sizes.padded_head()},
              sizes.padded_keys());
    for (int64_t head = kv_head * sizes.heads_per_kv(); head < (kv_head + 1) * sizes.heads_per_kv(); ++head) {
      for (int64_t first = 0; first < sizes.queries; first += kBlock) {
        attend(call, at, batch, head, QueryBlock(sizes, first, call.causal));
      }
    }
  }
}

template <class T>
void run(const Forward<T>& call) {
  const auto loop = compiled_here<&attend_heads<T>>();
  at::parallel_for(0, call.sizes.batch * call.sizes.kv_heads, 1,
                   [&](int64_t begin, int64_t end) { loop(call, begin, end); });
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> forward(const at::Tensor& q_BHSD, const at::Tensor& k_BKTD, const at::Tensor& v_BKTD,
                                           bool causal, double scale) {
  const Sizes sizes(q_BHSD, k_BKTD);
  const auto out =
      at::empty({sizes.batch, sizes.queries, sizes.heads, sizes.head_size}, q_BHSD.options()).transpose(1, 2);
  const auto logsumexp = at::empty({sizes.batch, sizes.heads, sizes.queries}, q_BHSD.options().dtype(at::kFloat));
  const auto call = [&]<class T>(T) {
    run(Forward<T>{sizes, read_heads<T>(q_BHSD), read_heads<T>(k_BKTD), read_heads<T>(v_BKTD), write_heads<T>(out),
                   logsumexp.mutable_data_ptr<float>(), causal, static_cast<float>(scale)});
  };
  q_BHSD.scalar_type() == at::kFloat ? call(float()) : call(c10::BFloat16());
  return {out, logsumexp};
}

}  // namespace titan::ops::short_attention
