#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace c10 {
class OperatorHandle;
struct IValue;
}  // namespace c10

namespace titan::sim {

/// Boxed kernel of every operator of device "sim" that has none of its own: makes the results without data and records
/// one node on the current stream. Throws c10::Error naming the operator if it has no shape path, returns a view, reads
/// freed storage, or mixes devices.
void run_operator(const c10::OperatorHandle& op, std::vector<c10::IValue>* stack);

/// Records that the host reads a one-element tensor.
void record_read(const at::Tensor& scalar);

}  // namespace titan::sim
