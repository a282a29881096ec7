#include "sim/device/dispatch.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/ScalarType.h>
#include <c10/util/SmallVector.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "sim/device/call_table.h"
#include "sim/device/device_table.h"
#include "sim/device/meta_kernel.h"
#include "sim/device/storage.h"

namespace titan::sim {
namespace {

using Access = KnownOperator::Access;
using trace::Argument;

constexpr int64_t kMostTinyElements = 1024;  // below, a launch takes longer than the work

Argument::Access to_trace(Access access) {
  switch (access) {
    case Access::read:
      return Argument::Access::read;
    case Access::write:
      return Argument::Access::write;
    case Access::read_write:
      return Argument::Access::read_write;
  }
  TORCH_INTERNAL_ASSERT(false);
}

/// Calls `visit(tensor, argument index)` for every defined tensor among the arguments.
template <class Visit>
void for_each_tensor(c10::ArrayRef<c10::IValue> arguments, const Visit& visit) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const auto& value = arguments[i];
    if (value.isTensor()) {
      if (value.toTensor().defined()) visit(value.toTensor(), i);
    } else if (value.isTensorList() || value.isOptionalTensorList()) {
      for (const auto& one : value.toListRef()) {
        if (one.isTensor() && one.toTensor().defined()) visit(one.toTensor(), i);
      }
    }
  }
}

/// The device that a call runs on: that of its first simulated tensor, else the one that it names.
c10::DeviceIndex device_of(c10::ArrayRef<c10::IValue> arguments) {
  for (const auto& value : arguments) {
    if (value.isTensor() && value.toTensor().defined() && is_simulated(value.toTensor()))
      return value.toTensor().device().index();
    if (value.isDevice() && value.toDevice().has_index()) return value.toDevice().index();
    if (!value.isTensorList()) continue;
    for (const auto& one : value.toListRef()) {
      if (one.toTensor().defined() && is_simulated(one.toTensor())) return one.toTensor().device().index();
    }
  }
  return current_device();
}

struct FreeWorkspace {
  void operator()(Allocation* allocation) const { allocation->rank->free(allocation); }
};
using Workspace = std::unique_ptr<Allocation, FreeWorkspace>;

/// Who works: the device, the host, or the link between their memories.
enum class Worker { device, host, link };

Worker find_worker(const KnownOperator& op, c10::ArrayRef<c10::IValue> arguments, c10::DeviceIndex index) {
  const Worker worker = is_host_index(index) ? Worker::host : Worker::device;
  if (!op.rules.copies) return worker;
  const at::Tensor &to = arguments[0].toTensor(), &from = arguments[1].toTensor();
  const bool crosses = is_simulated(to) && is_simulated(from) && is_on_host(to) != is_on_host(from);
  return crosses ? Worker::link : worker;
}

/// One call of an operator on a rank.
class Call {
 public:
  Call(const c10::OperatorHandle& op, RankState& rank, c10::DeviceIndex device, torch::jit::Stack& stack)
      : op_(op),
        rank_(rank),
        device_(device),
        stack_(stack),
        known_(rank.calls().find_operator(op.schema())),
        arguments_(torch::jit::last(stack, known_.num_arguments)),
        worker_(find_worker(known_, arguments_, device)) {}

  void run() {
    Signature& signature = rank_.calls().scratch();
    signature.clear();
    signature.push_back(int64_t{known_.number} << 1 | is_host_index(device_));
    append_signature(known_, arguments_, signature);
    const KnownCall* call = rank_.calls().find(signature);
    if (!call) call = &learn(Signature(signature));
    resize_outs(*call);
    collect_arguments();
    auto results = make_results(*call);
    record(*call);
    leave(std::move(results));
  }

 private:
  const KnownCall& learn(const Signature& signature);
  void ask_shapes(KnownCall& call) const;
  trace::OpDescriptor describe(const OpCall& call) const;
  void price_arguments(trace::OpDescriptor& descriptor) const;
  void collect_arguments();
  void check_host_tensor(const at::Tensor& tensor, size_t index) const;
  void resize_outs(const KnownCall& call);
  std::vector<at::Tensor> make_results(const KnownCall& call);
  void touch(const Allocation* allocation, Argument::Access access);
  void record(const KnownCall& call);
  void check_transfer() const;
  void wait_for_transfer();
  void leave(std::vector<at::Tensor>&& results);

  const c10::OperatorHandle& op_;
  RankState& rank_;
  const c10::DeviceIndex device_;
  torch::jit::Stack& stack_;
  const KnownOperator& known_;
  const c10::ArrayRef<c10::IValue> arguments_;
  const Worker worker_;
  c10::SmallVector<Argument, 16> touched_;
};

const KnownCall& Call::learn(const Signature& signature) {
  TORCH_CHECK_NOT_IMPLEMENTED(!known_.returns_views, "simulated device: operator ", known_.full_name,
                              " returns a view and has no shape path; register a kernel that shares the storage in "
                              "sim/device/plain_kernels.cpp");
  KnownCall call;
  if (!known_.is_in_place) ask_shapes(call);
  for (const auto& layout : call.results) call.result_bytes.push_back(layout.num_bytes());
  const OpCall view{known_.name, arguments_, call.results};
  if (known_.rules.workspace && rank_.options().kernel_workspaces && worker_ == Worker::device) {
    call.workspaces = known_.rules.workspace(view);
    std::erase(call.workspaces, 0u);
  }
  call.descriptor = rank_.recorder().intern(describe(view));
  return rank_.calls().add(signature, std::move(call));
}

void Call::ask_shapes(KnownCall& call) const {
  const std::vector<TensorLayout> none;
  const bool has_rule = known_.rules.shapes != nullptr;
  auto layouts =
      has_rule ? known_.rules.shapes(OpCall{known_.name, arguments_, none}) : ask_meta_kernel(op_, known_, arguments_);
  if (known_.has_out) {
    call.out_layouts = std::move(layouts);
  } else {
    call.results = std::move(layouts);
  }
}

trace::OpDescriptor Call::describe(const OpCall& call) const {
  trace::OpDescriptor descriptor{.name = known_.name};
  price_arguments(descriptor);
  for (const auto& result : call.results) {
    if (!result.is_defined()) continue;
    descriptor.outputs.push_back(result.sizes);
    descriptor.bytes_written += static_cast<double>(result.num_bytes());
    descriptor.flops += static_cast<double>(result.numel());
    if (descriptor.dtype.empty()) descriptor.dtype = c10::getDtypeNames(result.dtype).first;
  }
  int64_t most_elements = 0;
  for_each_tensor(arguments_, [&](const at::Tensor& t, size_t) { most_elements = std::max(most_elements, t.numel()); });
  for (const auto& result : call.results) most_elements = std::max(most_elements, result.numel());
  descriptor.op_class = most_elements <= kMostTinyElements ? trace::OpClass::tiny : trace::OpClass::memory;
  if (known_.rules.price) known_.rules.price(call, descriptor);
  if (worker_ == Worker::host) descriptor.op_class = trace::OpClass::host;
  return descriptor;
}

// Each tensor once, also where it is given twice.
void Call::price_arguments(trace::OpDescriptor& descriptor) const {
  std::unordered_set<const void*> seen;
  for_each_tensor(arguments_, [&](const at::Tensor& tensor, size_t i) {
    if (!is_simulated(tensor)) return;
    if (descriptor.dtype.empty()) descriptor.dtype = c10::getDtypeNames(tensor.scalar_type()).first;
    const bool writes = known_.access[i] != Access::read, reads = known_.access[i] != Access::write;
    const double bytes = touched_bytes(tensor);
    if (reads) descriptor.inputs.push_back(tensor.sizes().vec());
    if (writes) {
      descriptor.outputs.push_back(tensor.sizes().vec());
      descriptor.bytes_written += bytes;
      descriptor.flops += static_cast<double>(tensor.numel());
    }
    if (reads && seen.insert(tensor.unsafeGetTensorImpl()).second) descriptor.bytes_read += bytes;
  });
}

void Call::check_host_tensor(const at::Tensor& tensor, size_t index) const {
  TORCH_CHECK(known_.access[index] == Access::read, "simulated device: operator ", known_.full_name,
              " would write values to a host tensor, and there are none; only Platform::read may ask for one");
  TORCH_CHECK(tensor.dim() == 0 || known_.rules.copies, "simulated device: operator ", known_.full_name,
              " got tensors on several devices: ", tensor.device(), " and the rank's");
}

void Call::collect_arguments() {
  for_each_tensor(arguments_, [&](const at::Tensor& tensor, size_t index) {
    if (!is_simulated(tensor)) return check_host_tensor(tensor, index);
    const c10::DeviceIndex own = tensor.device().index();
    TORCH_CHECK(device_index(own) == device_index(device_), "simulated device: operator ", known_.full_name,
                " got tensors of several ranks: device indices ", static_cast<int>(device_), " and ",
                static_cast<int>(own));
    TORCH_CHECK(own == device_ || worker_ == Worker::link, "simulated device: operator ", known_.full_name,
                " got tensors in host memory and on the device; only copy_ may");
    const Allocation* allocation = allocation_of(tensor);
    if (allocation) return touch(allocation, to_trace(known_.access[index]));
    TORCH_CHECK(tensor.numel() == 0, "simulated device: operator ", known_.full_name,
                " uses storage that was freed: argument ", index, " of sizes ", tensor.sizes());
  });
}

void Call::touch(const Allocation* allocation, Argument::Access access) {
  TORCH_CHECK(rank_.is_usable(*allocation), "simulated device: operator ", known_.full_name,
              " reads what a unit kept to itself from an earlier call; a unit depends on its inputs, parameters and "
              "buffers() alone");
  touched_.emplace_back(allocation->storage, access);
}

void Call::resize_outs(const KnownCall& call) {
  if (!known_.has_out) return;
  size_t next = 0;
  for (size_t i = 0; i < known_.num_arguments; ++i) {
    if (!known_.is_out[i] || !arguments_[i].isTensor()) continue;
    const at::Tensor& out = arguments_[i].toTensor();
    const TensorLayout& layout = call.out_layouts.at(next++);
    if (out.sizes() == at::IntArrayRef(layout.sizes)) continue;
    grow_storage(out.storage(), layout.num_bytes());
    out.unsafeGetTensorImpl()->set_sizes_and_strides(layout.sizes, layout.strides);
  }
}

std::vector<at::Tensor> Call::make_results(const KnownCall& call) {
  std::vector<at::Tensor> results;
  results.reserve(call.results.size());
  for (size_t i = 0; i < call.results.size(); ++i) {
    const TensorLayout& layout = call.results[i];
    if (!layout.is_defined()) {
      results.emplace_back();
      continue;
    }
    results.push_back(make_tensor(layout.sizes, layout.strides, layout.dtype, call.result_bytes[i]));
    if (const Allocation* allocation = allocation_of(results.back())) touch(allocation, Argument::Access::write);
  }
  return results;
}

void Call::record(const KnownCall& call) {
  if (worker_ == Worker::link) check_transfer();
  if (known_.rules.is_matmul && worker_ == Worker::device) rank_.keep_matmul_workspace();
  if (touched_.empty()) return;  // empty tensors: nothing is launched
  std::vector<Workspace> workspaces;
  for (const uint64_t num_bytes : call.workspaces) {
    workspaces.emplace_back(rank_.allocate(num_bytes));
    touch(workspaces.back().get(), Argument::Access::write);
  }
  const uint8_t stream = worker_ == Worker::host ? trace::kHostStream : rank_.stream();
  rank_.recorder().op(stream, call.descriptor, {touched_.data(), touched_.size()});
  if (worker_ == Worker::link) wait_for_transfer();
}

// What the copy engines do by themselves; for all else LibTorch makes temporary copies, on the host where types differ.
void Call::check_transfer() const {
  const at::Tensor &to = arguments_[0].toTensor(), &from = arguments_[1].toTensor();
  TORCH_CHECK(to.scalar_type() == from.scalar_type() && to.sizes() == from.sizes() && to.is_contiguous() &&
                  from.is_contiguous(),
              "simulated device: aten::copy_ between device and host memory must not convert: ", from.scalar_type(),
              " ", from.sizes(), " to ", to.scalar_type(), " ", to.sizes());
}

// The host goes on only if it asked to and the copy engine can reach its memory at any time.
void Call::wait_for_transfer() {
  const at::Tensor &to = arguments_[0].toTensor(), &from = arguments_[1].toTensor();
  const bool is_pinned = allocation_of(is_on_host(to) ? to : from)->stream == trace::kPinnedPool;
  if (!arguments_[2].toBool() || !is_pinned) rank_.recorder().host_sync(rank_.stream());
}

void Call::leave(std::vector<at::Tensor>&& results) {
  c10::SmallVector<c10::IValue, 4> returned;
  auto next = results.begin();
  for (const auto& one : known_.returns) {
    if (one.alias >= 0) {
      returned.push_back(arguments_[one.alias]);
    } else if (one.is_list) {
      returned.push_back(c10::List<at::Tensor>(c10::ArrayRef<at::Tensor>(&*next, results.end() - next).vec()));
      next = results.end();
    } else {
      returned.push_back(std::move(*next++));
    }
  }
  torch::jit::drop(stack_, known_.num_arguments);
  for (auto& value : returned) stack_.push_back(std::move(value));
}

}  // namespace

void run_operator(const c10::OperatorHandle& op, std::vector<c10::IValue>* stack) {
  const auto arguments = torch::jit::last(*stack, op.schema().arguments().size());
  const c10::DeviceIndex index = device_of(arguments);
  const CurrentDevice device(index);
  Call(op, rank_of_device(index), index, *stack).run();
}

void record_read(const at::Tensor& scalar) {
  RankState& rank = rank_of_device(scalar.device().index());
  const bool on_host = is_on_host(scalar);
  static const std::string name = "aten::_local_scalar_dense";
  if (const Allocation* allocation = allocation_of(scalar)) {
    const uint32_t descriptor =
        rank.recorder().intern(trace::OpDescriptor{.name = name,
                                                   .dtype = c10::getDtypeNames(scalar.scalar_type()).first,
                                                   .inputs = {scalar.sizes().vec()},
                                                   .op_class = on_host ? trace::OpClass::host : trace::OpClass::tiny,
                                                   .bytes_read = static_cast<double>(scalar.nbytes())});
    const Argument argument(allocation->storage, Argument::Access::read);
    rank.recorder().op(on_host ? trace::kHostStream : rank.stream(), descriptor, {&argument, 1});
  }
  if (!on_host) rank.recorder().host_sync(rank.stream());
}

}  // namespace titan::sim
