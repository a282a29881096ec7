#include "sim/platform/run_unit.h"

#include <utility>

namespace titan::sim {

unit::Tuple run_unit(RankState&, unit::UnitCall&& call) { return unit::execute(std::move(call)); }

}  // namespace titan::sim
