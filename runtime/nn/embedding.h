#pragma once

#include "runtime/nn/module.h"

namespace titan::nn {

/// Looks up one row per token: tokens [B, S] of int64 -> [B, S, dim]; its parameter is weight [num_rows, dim]. A rank
/// that computes with some of the rows gives zeros for tokens of others. Throws c10::IndexError for tokens outside
/// [0, num_rows), the same on every rank; only on the CPU: elsewhere looking at tokens would make the host wait.
class Embedding : public Module {
 public:
  Embedding(Module* parent, const std::string& name, int64_t num_rows, int64_t dim, const InitRule& init);
  at::Tensor forward(const at::Tensor& tokens_BS) const;

 private:
  Parameter& weight_;
};

}  // namespace titan::nn
