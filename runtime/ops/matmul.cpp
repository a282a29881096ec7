#include "runtime/ops/matmul.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/mm.h>

namespace titan::ops {
namespace {

constexpr int64_t kWorthOneDnn = 2'000'000;  // multiply-adds; below, its 10 us per call are more than it saves

using LinearPointwise = at::Tensor(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                                   c10::string_view attribute, c10::List<std::optional<at::Scalar>> scalars,
                                   std::optional<c10::string_view> algorithm);

/// LibTorch's only way to oneDNN's float32 product that takes plain tensors; absent where LibTorch is built without
/// oneDNN.
std::optional<c10::TypedOperatorHandle<LinearPointwise>> find_one_dnn() {
  const auto op = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
  if (!op || !op->hasKernelForDispatchKey(c10::DispatchKey::CPU)) return std::nullopt;
  return op->typed<LinearPointwise>();
}

// at::mm gives bfloat16 to oneDNN itself: on a Zen 5 core with avx512_bf16, for 1024 and 2048 rows by 256 by 256, 768
// and 2048 and all three products of a layer, it reaches 270 to 430 GFLOP/s, oneDNN's linear 200 to 430 (never 5 %
// more, and two thirds where the left factor is transposed); float32 by oneDNN 130 to 220, by at::mm 75 to 95.
bool suits_one_dnn(const at::Tensor& a, const at::Tensor& b) {
  return a.is_cpu() && a.scalar_type() == at::kFloat && b.scalar_type() == at::kFloat && b.size(1) > 1 &&
         a.size(0) * a.size(1) * b.size(1) >= kWorthOneDnn;
}

// oneDNN has fast products of a right factor that lies densely in memory, as it is or transposed; any other (a slice of
// columns, a repeated number) it multiplies element by element, a thousand times slower.
at::Tensor dense(const at::Tensor& b) { return b.is_contiguous() || b.t().is_contiguous() ? b : b.contiguous(); }

}  // namespace

at::Tensor matmul(const at::Tensor& a, const at::Tensor& b) {
  static const auto one_dnn = find_one_dnn();
  if (!one_dnn || !suits_one_dnn(a, b)) return at::mm(a, b);
  const auto multiply = [](const at::Tensor& x, const at::Tensor& y) {
    return one_dnn->call(x, y.t(), std::nullopt, "none", c10::List<std::optional<at::Scalar>>(), "");
  };
  // A left factor without dense rows is copied first: of two such factors, the smaller.
  if (a.stride(1) != 1 && a.size(0) > b.size(1)) return multiply(b.t(), dense(a.t())).t().contiguous();
  return multiply(a, dense(b));
}

}  // namespace titan::ops
