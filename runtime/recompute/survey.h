#pragma once

#include "runtime/recompute/interceptor.h"

namespace titan::recompute {

/// One surveyed call: what keeping it costs and what it saves.
struct SurveyedCall {
  OpCall call;
  int64_t output_bytes = 0;
};

/// Lists the calls of a unit and lets them run.
class Survey final : public Interceptor {
 public:
  Tensors run(const OpCall& call, const Compute& compute) override;
  const std::vector<SurveyedCall>& calls() const { return calls_; }

 private:
  std::vector<SurveyedCall> calls_;
};

}  // namespace titan::recompute
