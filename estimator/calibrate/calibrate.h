#pragma once

#include <functional>
#include <string>
#include <vector>

#include "estimator/cost/leave_out.h"
#include "estimator/hardware/machine.h"
#include "estimator/simulate/record.h"

namespace titan::estimator {

/// One measured training run: what it recorded, the machine it ran on, and its speed.
struct MeasuredRun {
  std::string id, table;
  Recording recording;
  hardware::Machine machine;
  double tokens_per_second_per_gpu = 0.0;
};

/// What a fit of the free factors of one hardware file to measured runs says.
struct CalibrationFit {
  std::string hardware;
  cost::Fit fit;
  std::vector<double> before, after;           // log(predicted / measured) of every run, at start and fitted values
  std::vector<cost::LeftOut> left_out_rows;    // one run left out at a time
  std::vector<cost::LeftOut> left_out_tables;  // empty where all runs are of one table
};

/// Fits the free factors of the runs' hardware file (GpuSpec::free, all runs on the same) to their speeds. A recording
/// is replayed for every trial; nothing is recorded anew. `before_trial`, if given, is called with the number of each
/// trial, from 1 on. Throws ConfigError if the file names no free factor or there are fewer runs than factors.
CalibrationFit calibrate(const std::vector<MeasuredRun>& runs, const std::function<void(int)>& before_trial = {});

/// The fit as text: factors with their deviations, errors before and after, errors of what was left out, and what
/// forbids using it.
std::string calibration_text(const CalibrationFit& fit, const std::vector<MeasuredRun>& runs);

}  // namespace titan::estimator
