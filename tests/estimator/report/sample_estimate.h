#pragma once

#include <random>

#include "estimator/report/estimate.h"

namespace titan::estimator {

/// A prediction as one of Llama 3 8B on 8 GPUs would look: one role, fits.
Estimate small_sample();

/// The same of 405B on 512 GPUs: 8 pipeline roles, the first does not fit, three remedies.
Estimate large_sample();

/// Adds a memory curve to every role and a timeline of one step.
void add_pictures(Estimate& estimate);

/// An estimate of random names and numbers over many orders of magnitude, whose parts sum as they must.
Estimate random_estimate(std::mt19937_64& random);

}  // namespace titan::estimator
