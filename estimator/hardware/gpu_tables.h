#pragma once

#include <string>

#include "estimator/hardware/gpu_spec.h"

namespace titan::hardware {

/// The tables of a hardware file as text, one row a word list, before they are read.
struct GpuTables {
  config::TextList tiles, measured, curves, op_rates, free;
  std::string size_steps;
};

/// Binds the tables to their keys.
void declare_tables(config::Schema& schema, GpuTables& tables);

/// Reads them into `gpu`, whose numbers and file are there. Throws ConfigError naming key, row and file.
void read_tables(const GpuTables& tables, GpuSpec& gpu);

}  // namespace titan::hardware
