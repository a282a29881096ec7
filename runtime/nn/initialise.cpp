#include "runtime/nn/initialise.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>

#include "runtime/nn/normal_quantile.h"
#include "runtime/nn/philox.h"

// Where the compiler can, the hot loops exist twice and the better one is picked when the program starts. Not avx512f:
// it brings fused multiply-add, whose rounding differs.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define TITAN_VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define TITAN_VECTOR_CLONES
#endif

namespace titan::nn {
namespace {

constexpr int64_t kChunkGroups = 128;
constexpr int64_t kChunk = 4 * kChunkGroups;  // elements drawn at a time
constexpr int64_t kGrain = 1 << 14;           // elements that are worth a thread

/// One parameter's distribution: mean + std · quantile(low + uniform · range).
struct Draw {
  PhiloxKey key;
  uint64_t name_hash;
  double mean, std;
  double low, range;  // probabilities
};

Draw make_draw(const InitRule& rule, uint64_t seed, const std::string& name) {
  Draw draw{.key = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)},
            .name_hash = hash_name(name),
            .mean = rule.mean,
            .std = rule.std,
            .low = 0.0,
            .range = 1.0};
  if (rule.kind == InitRule::Kind::trunc_normal) {
    TORCH_CHECK(rule.std > 0 && rule.low <= rule.mean && rule.mean <= rule.high && rule.low < rule.high,
                "fill: truncation bounds must enclose the mean: low=", rule.low, " mean=", rule.mean,
                " high=", rule.high, " std=", rule.std, " name=", name);
    draw.low = normal_cdf((rule.low - rule.mean) / rule.std);
    draw.range = normal_cdf((rule.high - rule.mean) / rule.std) - draw.low;
  }
  return draw;
}

/// Draws the probabilities of `kChunk` elements from the group `first_group` on.
TITAN_VECTOR_CLONES void draw_probabilities(const Draw& draw, uint64_t first_group, double* out) {
  const auto hash_low = static_cast<uint32_t>(draw.name_hash), hash_high = static_cast<uint32_t>(draw.name_hash >> 32);
  for (int64_t i = 0; i < kChunkGroups; ++i) {
    const uint64_t group = first_group + i;
    const auto words =
        philox4x32({static_cast<uint32_t>(group), static_cast<uint32_t>(group >> 32), hash_low, hash_high}, draw.key);
    for (int lane = 0; lane < 4; ++lane) {
      out[4 * i + lane] = draw.low + draw.range * ((static_cast<double>(words[lane]) + 0.5) * 0x1p-32);
    }
  }
}

/// Turns probabilities into values.
TITAN_VECTOR_CLONES void probabilities_to_values(const Draw& draw, const double* probabilities, double* out) {
  for (int64_t i = 0; i < kChunk; ++i) out[i] = normal_quantile_centre(probabilities[i]);
  for (int64_t i = 0; i < kChunk; ++i) {
    if (!is_central(probabilities[i])) out[i] = normal_quantile_tail(probabilities[i]);
  }
  for (int64_t i = 0; i < kChunk; ++i) out[i] = draw.mean + draw.std * out[i];
}

/// Writes the values of elements [global_begin, global_begin + count), which are adjacent in `out` too.
template <class scalar_t>
void fill_run(const Draw& draw, int64_t global_begin, int64_t count, scalar_t* out) {
  alignas(64) double probabilities[kChunk], values[kChunk];
  while (count > 0) {
    const int64_t skip = global_begin % 4;
    const int64_t now = std::min(count, kChunk - skip);
    draw_probabilities(draw, static_cast<uint64_t>(global_begin / 4), probabilities);
    probabilities_to_values(draw, probabilities, values);
    for (int64_t i = 0; i < now; ++i) out[i] = static_cast<scalar_t>(values[skip + i]);
    global_begin += now;
    out += now;
    count -= now;
  }
}

/// Cuts a box into runs of elements that are adjacent in the global tensor.
class Runs {
 public:
  explicit Runs(const mesh::ShardSpec& spec) : spec_(spec), outer_(spec.box.size.size()) {
    while (outer_ > 0) {
      --outer_;
      length_ *= spec.box.size[outer_];
      if (spec.box.size[outer_] != spec.global_shape[outer_]) break;
    }
  }

  int64_t length() const { return length_; }

  /// Gives the global index of a run's first element.
  int64_t global_begin(int64_t run) const {
    int64_t index = 0, stride = 1;
    for (size_t d = spec_.global_shape.size(); d-- > 0;) {
      int64_t position = spec_.box.offset[d];
      if (d < outer_) {
        position += run % spec_.box.size[d];
        run /= spec_.box.size[d];
      }
      index += position * stride;
      stride *= spec_.global_shape[d];
    }
    return index;
  }

 private:
  const mesh::ShardSpec& spec_;
  size_t outer_;  // dims before this one count runs
  int64_t length_ = 1;
};

template <class scalar_t>
void fill_box(const Draw& draw, const mesh::ShardSpec& spec, scalar_t* out) {
  const Runs runs(spec);
  at::parallel_for(0, spec.box.numel(), kGrain, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t inside = begin % runs.length();
      const int64_t count = std::min(end - begin, runs.length() - inside);
      fill_run(draw, runs.global_begin(begin / runs.length()) + inside, count, out + begin);
      begin += count;
    }
  });
}

}  // namespace

void fill(const at::Tensor& part, const mesh::ShardSpec& spec, const InitRule& rule, uint64_t seed,
          const std::string& name) {
  TORCH_CHECK(part.sizes() == at::IntArrayRef(spec.box.size) && part.is_contiguous(),
              "fill: part must be contiguous with the sizes of its box: part=", part.sizes(),
              " box=", at::IntArrayRef(spec.box.size), " name=", name);
  if (rule.kind == InitRule::Kind::constant) {
    part.fill_(rule.mean);
    return;
  }
  if (part.numel() == 0) return;
  const Draw draw = make_draw(rule, seed, name);
  const at::Tensor values = part.is_cpu() ? part : at::empty_like(part, part.options().device(at::kCPU));
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kBFloat16, at::kHalf, values.scalar_type(), "fill",
                                  [&] { fill_box(draw, spec, values.mutable_data_ptr<scalar_t>()); });
  if (!part.is_cpu()) part.copy_(values);
}

}  // namespace titan::nn
