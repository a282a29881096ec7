#include "validate/divergence/explain.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/sort.h>

#include <cmath>
#include <tuple>

namespace titan::validate {
namespace {

constexpr double kSame = 1e-3;  // relative: of a multiple or a reordering that is told as one
constexpr const char* kAxes[] = {"dp_replicate", "fsdp", "tp"};

bool is_close(const at::Tensor& a, const at::Tensor& b, platform::Platform& platform) {
  return platform.read((a - b).norm(), 0.0) <= kSame * platform.read(b.norm(), 0.0);
}

// The axes of a size: "axis tp", "axis fsdp or tp".
std::string axes_of_size(int size, const mesh::DeviceMesh& mesh) {
  std::string names;
  for (const char* axis : kAxes) {
    if (mesh.size(axis) == size) names += (names.empty() ? "" : " or ") + std::string(axis);
  }
  return names.empty() ? "" : "axis " + names;
}

std::string multiple(const at::Tensor& a, const at::Tensor& b, const mesh::DeviceMesh& mesh,
                     platform::Platform& platform) {
  for (const char* axis : kAxes) {
    const int size = mesh.size(axis);
    if (size == 1) continue;
    const std::string off_by = " the reference's: off by the size of " + axes_of_size(size, mesh);
    if (is_close(a, b * size, platform)) return "the value is " + std::to_string(size) + " times" + off_by;
    if (is_close(a, b / size, platform)) return "the value is 1/" + std::to_string(size) + " of" + off_by;
  }
  return "";
}

std::string sorted_alike(const at::Tensor& a, const at::Tensor& b, platform::Platform& platform) {
  const bool same = a.numel() > 1 && is_close(std::get<0>(a.sort()), std::get<0>(b.sort()), platform);
  return same ? "the reference's values in another order: parts may be swapped" : "";
}

}  // namespace

std::string explain(const at::Tensor& actual, const at::Tensor& reference, const mesh::DeviceMesh& mesh,
                    platform::Platform& platform) {
  const auto a = actual.detach().to(at::kDouble).flatten(), b = reference.detach().to(at::kDouble).flatten();
  const double norm = platform.read(a.norm(), 0.0), reference_norm = platform.read(b.norm(), 0.0);
  if (!std::isfinite(reference_norm)) return "the reference itself is not finite";
  if (!std::isfinite(norm)) return "not finite where the reference is";
  if (reference_norm == 0.0) return "the reference has only zeros";
  if (norm == 0.0) return "only zeros: it was never filled in";
  const std::string factor = multiple(a, b, mesh, platform);
  return factor.empty() ? sorted_alike(a, b, platform) : factor;
}

}  // namespace titan::validate
