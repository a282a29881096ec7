#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/comm/communicator.h"
#include "runtime/unit/unit_call.h"
#include "validate/divergence/forwarding_platform.h"

namespace titan::test {

enum class Operation { all_reduce, all_gather, reduce_scatter };

/// One collective of one rank.
struct CollectiveCall {
  Operation operation;
  std::string axis;
  int rank;                          // in the world
  std::string unit;                  // whose forward or backward makes it; "" between units
  std::optional<unit::Phase> phase;  // of that unit
  int64_t numel;                     // of the input
};

/// A defect: which collectives it befalls and what they give then. `disturb` comes after the collective, since the
/// peers wait for it, and gets the input as it was before.
struct Fault {
  std::function<bool(const CollectiveCall&)> applies;
  std::function<void(const at::Tensor& input, const at::Tensor& output, comm::Communicator& comm)> disturb;
};

/// A platform whose communicators have one defect.
class FaultyPlatform final : public validate::ForwardingPlatform {
 public:
  FaultyPlatform(platform::Platform& inner, Fault fault) : ForwardingPlatform(inner), fault_(std::move(fault)) {}

  std::unique_ptr<comm::Communicator> make_communicator(const std::vector<int>& ranks, std::string_view name) override;
  std::vector<at::Tensor> run_unit(unit::UnitCall&& call) override;

  /// Does `collective` and disturbs its result where the fault applies.
  void run(Operation operation, const at::Tensor& input, const at::Tensor& output, comm::Communicator& comm,
           const platform::Stream& stream, const std::function<comm::Work()>& collective);

 private:
  Fault fault_;
  std::string unit_;
  std::optional<unit::Phase> phase_;
};

}  // namespace titan::test
