#pragma once

#include <initializer_list>

#include "runtime/config/schema.h"
#include "sim/replay/cost_model.h"

namespace titan::hardware {

/// Relative standard deviations of one kind of cost, by how it was found. What a kind never has stays 0.
struct ByEvidence {
  double measured = 0, interpolated = 0, model = 0, roofline = 0;

  double of(replay::Evidence evidence) const;
};

/// Accepts a relative standard deviation: 0.002 to 1.
config::Rules deviation_rules();

/// Binds the section "deviation.<kind>" with a key for each of `levels`.
void declare_deviation(config::Schema& schema, const char* kind, ByEvidence& deviation,
                       std::initializer_list<replay::Evidence> levels);

}  // namespace titan::hardware
