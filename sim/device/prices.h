#pragma once

#include "sim/device/op_call.h"
#include "sim/trace/descriptor.h"

/// Rules of operators.cpp: what operators compute and move. FLOPs of matrix products and attention are exact.
namespace titan::sim {

/// [M, K] x [K, N]: 2 M N K.
void price_mm(const OpCall& call, trace::OpDescriptor& op);
/// [B, M, K] x [B, K, N].
void price_bmm(const OpCall& call, trace::OpDescriptor& op);
/// self + mat1 x mat2.
void price_addmm(const OpCall& call, trace::OpDescriptor& op);
void price_baddbmm(const OpCall& call, trace::OpDescriptor& op);

/// Two products over all pairs of query and key: 4 B H S T D; half if causal.
void price_attention(const OpCall& call, trace::OpDescriptor& op);
/// Five products, as flash attention computes the scores again: 10 B H S T D; half if causal.
void price_attention_backward(const OpCall& call, trace::OpDescriptor& op);

/// Reads the rows that the indices name, not the table.
void price_index_select(const OpCall& call, trace::OpDescriptor& op);
void price_gather(const OpCall& call, trace::OpDescriptor& op);
/// Touches one element per index: 32 bytes, the least that memory delivers.
void price_scatter_add(const OpCall& call, trace::OpDescriptor& op);
void price_nll_loss_forward(const OpCall& call, trace::OpDescriptor& op);
/// Clears the gradient, then writes one element per row.
void price_nll_loss_backward(const OpCall& call, trace::OpDescriptor& op);
/// Between device and host memory it is of class copy, with the bytes that cross the link read and written once.
void price_copy(const OpCall& call, trace::OpDescriptor& op);

}  // namespace titan::sim
