#include "validate/divergence/forwarding_platform.h"

#include <utility>

#include "runtime/comm/communicator.h"
#include "runtime/unit/unit_call.h"

namespace titan::validate {

std::unique_ptr<comm::Communicator> ForwardingPlatform::make_communicator(const std::vector<int>& ranks,
                                                                          std::string_view name) {
  return inner_.make_communicator(ranks, name);
}

std::vector<at::Tensor> ForwardingPlatform::run_unit(unit::UnitCall&& call) { return inner_.run_unit(std::move(call)); }

}  // namespace titan::validate
