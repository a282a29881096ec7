#include "runtime/optim/sum_of_squares.h"

#include <ATen/Parallel.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "runtime/optim/cpu_kernels.h"

namespace titan::optim {
namespace {

constexpr int64_t kChunk = 65536;  // elements of one partial sum

struct Chunk {
  const void* elements;
  int64_t count;
  SumOfSquaresKernel kernel;
};

void add_chunks(const at::Tensor& tensor, std::vector<Chunk>& chunks) {
  const SumOfSquaresKernel kernel = find_sum_of_squares_kernel(tensor.scalar_type(), ops::best_cpu_isa());
  TORCH_CHECK(kernel, "sum_of_squares: gradients must be float32, float64 or bfloat16: ", tensor.scalar_type());
  const auto* bytes = static_cast<const char*>(tensor.const_data_ptr());
  for (int64_t first = 0; first < tensor.numel(); first += kChunk) {
    chunks.push_back({bytes + first * tensor.element_size(), std::min(kChunk, tensor.numel() - first), kernel});
  }
}

double sum_on_cpu(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> contiguous;
  std::vector<Chunk> chunks;
  for (const at::Tensor& tensor : tensors) {
    contiguous.push_back(tensor.contiguous());
    add_chunks(contiguous.back(), chunks);
  }
  std::vector<double> sums(chunks.size());
  at::parallel_for(0, static_cast<int64_t>(chunks.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) sums[i] = chunks[i].kernel(chunks[i].elements, chunks[i].count);
  });
  double total = 0.0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace

at::Tensor sum_of_squares(const std::vector<at::Tensor>& tensors, at::Device device) {
  const auto options = at::TensorOptions(at::kDouble).device(device);
  if (tensors.empty()) return at::zeros({}, options);
  if (tensors.front().is_cpu()) return at::full({}, sum_on_cpu(tensors), options);
  std::vector<at::Tensor> norms;
  for (const at::Tensor& norm : at::_foreach_norm(tensors)) norms.push_back(norm.to(at::kDouble));
  return at::stack(norms).square_().sum().to(device);
}

}  // namespace titan::optim
