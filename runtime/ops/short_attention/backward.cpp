#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <vector>

#include "runtime/ops/short_attention/heads.h"
#include "runtime/ops/short_attention/short_attention.h"
#include "runtime/ops/vector_exp.h"

namespace titan::ops::short_attention {
namespace {

template <class T>
struct Backward {
  Sizes sizes;
  Heads<const T> grad_out, q, k, v, out;
  Heads<const float> logsumexp;  // one number a row
  Heads<T> grad_q, grad_k, grad_v;
  bool causal;
  float scale;
};

/// What one thread works on. The products want keys and values as columns, the gradients keys as rows too.
struct BackwardBuffers {
  explicit BackwardBuffers(const Sizes& sizes) {
    const size_t head = sizes.padded_keys() * sizes.padded_head(), block = kBlock * sizes.padded_head();
    for (auto* of_head : {&key_columns, &value_columns, &keys, &grad_keys, &grad_values}) of_head->resize(head);
    for (auto* of_block : {&queries, &grad_out, &grad_queries}) of_block->resize(block);
    for (auto* of_scores : {&probabilities, &grad_scores}) of_scores->resize(kBlock * sizes.padded_keys());
  }

  std::vector<float> key_columns, value_columns, keys, grad_keys, grad_values;
  std::vector<float> queries, grad_out, grad_queries;
  std::vector<float> probabilities, grad_scores;
};

template <class T>
TITAN_VECTOR_LOOP float dot(const float* __restrict a, const T* __restrict b, int64_t count) {
  float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
  for (int64_t d = 0; d < count; ++d) sum += a[d] * ops::load(b[d]);
  return sum;
}

/// From scores to probabilities, and from the probabilities' gradients to the scores'.
TITAN_VECTOR_LOOP void differentiate_softmax(float* __restrict scores, float* __restrict grads, int64_t keys,
                                             int64_t padded_keys, float logsumexp, float grad_dot_out) {
#pragma omp simd
  for (int64_t t = 0; t < keys; ++t) {
    scores[t] = exponential(scores[t] - logsumexp);
    grads[t] = scores[t] * (grads[t] - grad_dot_out);
  }
  for (int64_t t = keys; t < padded_keys; ++t) scores[t] = grads[t] = 0.0F;
}

/// Leaves probabilities and gradients of the scores of one block in the buffers.
template <class T>
TITAN_VECTOR_LOOP void differentiate_scores(const Backward<T>& call, BackwardBuffers& at, int64_t batch, int64_t head,
                                            const QueryBlock& block) {
  const auto& sizes = call.sizes;
  const int64_t width = sizes.padded_head(), keys = sizes.padded_keys();
  copy_rows(call.q, batch, head, block.begin, block.count, sizes, {at.queries.data(), width}, kBlock, call.scale);
  copy_rows(call.grad_out, batch, head, block.begin, block.count, sizes, {at.grad_out.data(), width}, kBlock);
  multiply<false>({at.queries.data(), width, 1}, {at.key_columns.data(), keys}, {at.probabilities.data(), keys}, kBlock,
                  block.padded_keys(), sizes.head_size);
  multiply<false>({at.grad_out.data(), width, 1}, {at.value_columns.data(), keys}, {at.grad_scores.data(), keys},
                  kBlock, block.padded_keys(), sizes.head_size);
  for (int64_t i = 0; i < kBlock; ++i) {
    const int64_t token = block.begin + std::min(i, block.count - 1);
    differentiate_softmax(at.probabilities.data() + i * keys, at.grad_scores.data() + i * keys, block.keys_of(i),
                          block.padded_keys(), *call.logsumexp.row(batch, head, token),
                          dot(at.grad_out.data() + i * width, call.out.row(batch, head, token), sizes.head_size));
  }
}

template <class T>
TITAN_VECTOR_LOOP void differentiate_block(const Backward<T>& call, BackwardBuffers& at, int64_t batch, int64_t head,
                                           const QueryBlock& block) {
  differentiate_scores(call, at, batch, head, block);
  const int64_t width = call.sizes.padded_head(), keys = call.sizes.padded_keys();
  const Factor probabilities{at.probabilities.data(), keys, 1}, grad_scores{at.grad_scores.data(), keys, 1};
  multiply<true>(probabilities.transposed(), {at.grad_out.data(), width}, {at.grad_values.data(), width},
                 block.padded_keys(), width, block.count);
  multiply<true>(grad_scores.transposed(), {at.queries.data(), width}, {at.grad_keys.data(), width},
                 block.padded_keys(), width, block.count);
  multiply<false>(grad_scores, {at.keys.data(), width}, {at.grad_queries.data(), width}, kBlock, width, block.keys);
  for (int64_t i = 0; i < block.count; ++i) {
    store_row(at.grad_queries.data() + i * width, call.grad_q.row(batch, head, block.begin + i), call.sizes.head_size,
              call.scale);
  }
}

template <class T>
TITAN_VECTOR_LOOP void load_keys(const Backward<T>& call, BackwardBuffers& at, int64_t batch, int64_t kv_head) {
  const auto& sizes = call.sizes;
  copy_columns(call.k, batch, kv_head, sizes, {at.key_columns.data(), sizes.padded_keys()});
  copy_columns(call.v, batch, kv_head, sizes, {at.value_columns.data(), sizes.padded_keys()});
  copy_rows(call.k, batch, kv_head, 0, sizes.keys, sizes, {at.keys.data(), sizes.padded_head()}, sizes.padded_keys());
  std::fill(at.grad_keys.begin(), at.grad_keys.end(), 0.0F);
  std::fill(at.grad_values.begin(), at.grad_values.end(), 0.0F);
}

/// Key heads [begin, end) of all batches, with the query heads that read them.
template <class T>
TITAN_VECTOR_LOOP void differentiate_heads(const Backward<T>& call, int64_t begin, int64_t end) {
  const auto& sizes = call.sizes;
  BackwardBuffers at(sizes);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t batch = item / sizes.kv_heads, kv_head = item % sizes.kv_heads;
    load_keys(call, at, batch, kv_head);
    for (int64_t head = kv_head * sizes.heads_per_kv(); head < (kv_head + 1) * sizes.heads_per_kv(); ++head) {
      for (int64_t first = 0; first < sizes.queries; first += kBlock) {
        differentiate_block(call, at, batch, head, QueryBlock(sizes, first, call.causal));
      }
    }
    for (int64_t t = 0; t < sizes.keys; ++t) {
      const int64_t row = t * sizes.padded_head();
      store_row(at.grad_keys.data() + row, call.grad_k.row(batch, kv_head, t), sizes.head_size, 1.0F);
      store_row(at.grad_values.data() + row, call.grad_v.row(batch, kv_head, t), sizes.head_size, 1.0F);
    }
  }
}

template <class T>
void run(const Backward<T>& call) {
  const auto loop = compiled_here<&differentiate_heads<T>>();
  at::parallel_for(0, call.sizes.batch * call.sizes.kv_heads, 1,
                   [&](int64_t begin, int64_t end) { loop(call, begin, end); });
}

/// Tokens outside heads in memory, as the projections want them.
at::Tensor empty_like_tokens(const at::Tensor& x_BHSD) {
  return at::empty({x_BHSD.size(0), x_BHSD.size(2), x_BHSD.size(1), x_BHSD.size(3)}, x_BHSD.options()).transpose(1, 2);
}

}  // namespace

std::tuple<at::Tensor, at::Tensor, at::Tensor> backward(const at::Tensor& grad_out_BHSD, const at::Tensor& q_BHSD,
                                                        const at::Tensor& k_BKTD, const at::Tensor& v_BKTD,
                                                        const at::Tensor& out_BHSD, const at::Tensor& logsumexp_BHS,
                                                        bool causal, double scale) {
  const auto grad_q = empty_like_tokens(q_BHSD), grad_k = empty_like_tokens(k_BKTD), grad_v = empty_like_tokens(v_BKTD);
  const auto call = [&]<class T>(T) {
    run(Backward<T>{Sizes(q_BHSD, k_BKTD), read_heads<T>(grad_out_BHSD), read_heads<T>(q_BHSD), read_heads<T>(k_BKTD),
                    read_heads<T>(v_BKTD), read_heads<T>(out_BHSD), read_heads<float>(logsumexp_BHS),
                    write_heads<T>(grad_q), write_heads<T>(grad_k), write_heads<T>(grad_v), causal,
                    static_cast<float>(scale)});
  };
  q_BHSD.scalar_type() == at::kFloat ? call(float()) : call(c10::BFloat16());
  return {grad_q, grad_k, grad_v};
}

}  // namespace titan::ops::short_attention
