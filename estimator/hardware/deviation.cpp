#include "estimator/hardware/deviation.h"

#include <string>

#include "estimator/hardware/spec_file.h"

namespace titan::hardware {

using replay::Evidence;

double ByEvidence::of(Evidence evidence) const {
  const double values[] = {measured, interpolated, model, roofline};
  return values[static_cast<size_t>(evidence)];
}

config::Rules deviation_rules() { return share(0.002); }

void declare_deviation(config::Schema& schema, const char* kind, ByEvidence& deviation,
                       std::initializer_list<Evidence> levels) {
  constexpr const char* kNames[] = {"measured", "interpolated", "model", "roofline"};
  constexpr const char* kMeanings[] = {"at a measured point", "between measured points",
                                       "from a model fed with figures", "from the data sheet's limit alone"};
  double* const targets[] = {&deviation.measured, &deviation.interpolated, &deviation.model, &deviation.roofline};
  auto& section = schema.section("deviation." + std::string(kind), "relative standard deviations by evidence");
  for (const Evidence level : levels) {
    const auto i = static_cast<size_t>(level);
    section.field(kNames[i], *targets[i], kMeanings[i], deviation_rules());
  }
}

}  // namespace titan::hardware
