#include "sim/device/prices.h"

#include "sim/device/storage.h"

namespace titan::sim {
namespace {

constexpr double kSectorBytes = 32.0;

void set_matmul(trace::OpDescriptor& op, int64_t batch, int64_t m, int64_t n, int64_t k) {
  op.op_class = trace::OpClass::matmul;
  op.extents = {batch, m, n, k};
  op.flops = 2.0 * static_cast<double>(batch * m) * static_cast<double>(n) * static_cast<double>(k);
}

/// q [B, H, S, D], k [B, K, T, D].
void set_attention(trace::OpDescriptor& op, const at::Tensor& q, const at::Tensor& k, bool causal, double products) {
  op.op_class = trace::OpClass::attention;
  op.extents = {q.size(0), q.size(1), k.size(1), q.size(2), k.size(2), q.size(3)};
  op.is_causal = causal;
  const double pairs = static_cast<double>(q.numel()) * static_cast<double>(k.size(2));
  op.flops = (causal ? 0.5 : 1.0) * 2.0 * products * pairs;
}

}  // namespace

void price_mm(const OpCall& call, trace::OpDescriptor& op) {
  set_matmul(op, 1, call.tensor(0).size(0), call.tensor(1).size(1), call.tensor(0).size(1));
}

void price_bmm(const OpCall& call, trace::OpDescriptor& op) {
  const auto &a = call.tensor(0), &b = call.tensor(1);
  set_matmul(op, a.size(0), a.size(1), b.size(2), a.size(2));
}

void price_addmm(const OpCall& call, trace::OpDescriptor& op) {
  set_matmul(op, 1, call.tensor(1).size(0), call.tensor(2).size(1), call.tensor(1).size(1));
}

void price_baddbmm(const OpCall& call, trace::OpDescriptor& op) {
  const auto &a = call.tensor(1), &b = call.tensor(2);
  set_matmul(op, a.size(0), a.size(1), b.size(2), a.size(2));
}

void price_attention(const OpCall& call, trace::OpDescriptor& op) {
  set_attention(op, call.tensor(0), call.tensor(1), call.flag(3), 2.0);
}

void price_attention_backward(const OpCall& call, trace::OpDescriptor& op) {
  set_attention(op, call.tensor(1), call.tensor(2), call.flag(6), 5.0);
}

void price_index_select(const OpCall& call, trace::OpDescriptor& op) {
  op.bytes_read = touched_bytes(call.tensor(2)) + op.bytes_written;
}

void price_gather(const OpCall& call, trace::OpDescriptor& op) {
  op.bytes_read = touched_bytes(call.tensor(2)) + kSectorBytes * static_cast<double>(call.tensor(2).numel());
}

void price_scatter_add(const OpCall& call, trace::OpDescriptor& op) {
  const auto &index = call.tensor(2), &source = call.tensor(3);
  const double touched = kSectorBytes * static_cast<double>(index.numel());
  op.flops = static_cast<double>(index.numel());
  op.bytes_read = touched_bytes(index) + touched_bytes(source) + touched;
  op.bytes_written = touched;
}

void price_nll_loss_forward(const OpCall& call, trace::OpDescriptor& op) {
  const double num_rows = static_cast<double>(call.tensor(1).numel());
  op.bytes_read = touched_bytes(call.tensor(1)) + kSectorBytes * num_rows;
  op.flops = num_rows;
}

void price_nll_loss_backward(const OpCall& call, trace::OpDescriptor& op) {
  const double num_rows = static_cast<double>(call.tensor(2).numel());
  op.bytes_read = touched_bytes(call.tensor(2)) + kSectorBytes * num_rows;
  op.bytes_written += kSectorBytes * num_rows;
}

void price_copy(const OpCall& call, trace::OpDescriptor& op) {
  const auto &to = call.tensor(0), &from = call.tensor(1);
  op.flops = 0.0;
  if (!from.is_cpu()) {
    if (is_on_host(to) == is_on_host(from)) return;
    op.name = is_on_host(to) ? "aten::copy_ device to host" : "aten::copy_ host to device";
    op.op_class = trace::OpClass::copy;
    return;
  }
  op.name = "aten::copy_ from host";
  op.bytes_read = 0.0;
}

}  // namespace titan::sim
