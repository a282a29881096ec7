#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "runtime/parallel/pipeline/schedule.h"

namespace titan::pipeline {

/// The sizes that a file must have; 0: any.
struct ExpectedSize {
  int num_ranks = 0;
  int num_stages = 0;
  int num_microbatches = 0;
};

/// Reads a schedule as torch.distributed.pipelining writes it: one line per rank, actions with commas between them,
/// blank cells for idle steps, which are left out. Which stage is on which rank follows from the lines; a file with
/// sends and receives, or with UNSHARD, RESHARD and REDUCE_GRAD, is one that is lowered already. Checks the schedule
/// (find_defect with Transfers::kBatched, as PyTorch executes neighbouring transfers). Throws ConfigError
/// "file:line:column: …" at what is wrong.
Schedule parse_schedule_csv(std::string_view text, const std::string& name, const ExpectedSize& expected = {});

/// Reads a file. Throws also where it cannot be read.
Schedule read_schedule_csv(const std::filesystem::path& path, const ExpectedSize& expected = {});

/// Writes what parse_schedule_csv reads.
std::string schedule_csv(const Schedule& schedule);

}  // namespace titan::pipeline
