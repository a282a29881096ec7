#pragma once

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace titan::bench {

/// One contestant: what it is called and its seconds.
struct Side {
  std::string name;
  double seconds = 0.0;
};

/// Which of the two quotients of a comparison is reported.
enum class Ratio {
  speedup,  // the other's time over ours: above 1 we are faster
  cost,     // our time over the other's
};

/// Two times taken in one run.
struct Comparison {
  std::string name;  // what was timed, with its sizes
  Side ours;
  Side other;
  Ratio ratio = Ratio::speedup;
  std::string bound = "";  // what the ratio should be ("at least 1.0x"), if anything is asked
};

/// "train step, 2 threads: titan 215 ms, PyTorch eager 310 ms, 1.44x (asked: at least 1.0x)"
std::string to_text(const Comparison& comparison);

/// Makes to_text the benchmark's label, beside a counter `ratio`.
void report(benchmark::State& state, const Comparison& comparison);

/// The middle value, of an even number the upper one; `values` must not be empty.
double median(std::vector<double> values);

}  // namespace titan::bench
