#include "runtime/nn/feed_forward.h"

#include "runtime/ops/fused/swiglu.h"
#include "runtime/ops/swiglu.h"

namespace titan::nn {

FeedForward::FeedForward(Module* parent, const std::string& name, const FeedForwardOptions& options)
    : Module(parent, name),
      w1_(this, "w1", options.dim, options.hidden, options.init_in),
      w2_(this, "w2", options.hidden, options.dim, options.init_out),
      w3_(this, "w3", options.dim, options.hidden, options.init_out) {}

at::Tensor FeedForward::forward(const at::Tensor& x) const {
  const auto in = enter(x);
  const auto swiglu = is_fused() ? ops::fused_swiglu : ops::swiglu;
  // Statements of their own: arguments would run in the compiler's order, and checkpointing by operator counts
  // products.
  const auto gate = w1_.forward(in);
  const auto up = w3_.forward(in);
  return leave(w2_.forward(swiglu(gate, up)));
}

}  // namespace titan::nn
