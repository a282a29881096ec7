#include "runtime/nn/rotary.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <numbers>

namespace titan::nn {
namespace {

double scale_frequency(double frequency, const RotaryScaling& scaling) {
  const double turns = scaling.original_length * frequency / (2.0 * std::numbers::pi);  // in the original length
  if (turns > scaling.high_freq_factor) return frequency;
  if (turns < scaling.low_freq_factor) return frequency / scaling.factor;
  const double keep = (turns - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
  return (1.0 - keep) * frequency / scaling.factor + keep * frequency;
}

}  // namespace

std::vector<double> rotary_frequencies(const RotaryOptions& options) {
  std::vector<double> frequencies;
  for (int64_t i = 0; i < options.head_dim; i += 2) {
    const double frequency = std::pow(options.theta, -static_cast<double>(i) / options.head_dim);
    frequencies.push_back(options.scaling ? scale_frequency(frequency, *options.scaling) : frequency);
  }
  return frequencies;
}

at::Tensor make_rotary_table(const RotaryOptions& options, int64_t seq_len, at::Device device, bool has_values) {
  if (!has_values)
    return at::zeros({seq_len, options.head_dim / 2, 2}, at::TensorOptions().dtype(at::kFloat).device(device));
  const auto frequencies = rotary_frequencies(options);
  const auto num_pairs = static_cast<int64_t>(frequencies.size());
  const auto table = at::empty({seq_len, num_pairs, 2}, at::TensorOptions().dtype(at::kFloat));
  float* out = table.mutable_data_ptr<float>();
  for (int64_t position = 0; position < seq_len; ++position) {
    for (const double frequency : frequencies) {
      *out++ = static_cast<float>(std::cos(position * frequency));
      *out++ = static_cast<float>(std::sin(position * frequency));
    }
  }
  return table.to(device);
}

}  // namespace titan::nn
