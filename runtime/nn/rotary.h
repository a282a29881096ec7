#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

namespace titan::nn {

/// Llama 3.1's stretching of long wavelengths.
struct RotaryScaling {
  double factor = 8.0;
  double low_freq_factor = 1.0;
  double high_freq_factor = 4.0;
  int64_t original_length = 8192;
};

struct RotaryOptions {
  int64_t head_dim = 0;
  double theta = 10000.0;
  std::optional<RotaryScaling> scaling;
};

/// Gives the head_dim / 2 angles per position: theta^(-2i / head_dim). With scaling, wavelengths above original_length
/// / low_freq_factor are divided by factor, those below original_length / high_freq_factor stay, and in between the two
/// blend linearly in original_length / wavelength.
std::vector<double> rotary_frequencies(const RotaryOptions& options);

/// Makes the table [seq_len, head_dim / 2, 2] of (cosine, sine) of position · frequency, computed in float64, kept in
/// float32; zeros unless it is to have values.
at::Tensor make_rotary_table(const RotaryOptions& options, int64_t seq_len, at::Device device, bool has_values = true);

}  // namespace titan::nn
