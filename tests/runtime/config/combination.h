#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/config/rules/validate.h"
#include "tests/runtime/config/test_job.h"

namespace titan::config {

inline const ModelDims kDebugModel = {
    .num_layers = 6, .dim = 256, .num_heads = 16, .num_kv_heads = 16, .ffn_hidden = 768, .vocab_size = 2048};

/// A combination of settings on world_size ranks of the debug model, and what `validate` says of it ("": allowed).
struct Combination {
  int64_t world_size;
  std::vector<std::string> arguments;
  std::string answer;
};

/// Expects `validate` to answer each combination as it says.
inline void expect_answers(const std::vector<Combination>& combinations) {
  for (const Combination& combination : combinations) {
    TestJob job;
    job.load(combination.arguments);
    const auto found =
        error_of([&] { validate(job.config, {.world_size = combination.world_size, .model = kDebugModel}); });
    EXPECT_EQ(found, combination.answer) << ::testing::PrintToString(combination.arguments);
  }
}

}  // namespace titan::config
