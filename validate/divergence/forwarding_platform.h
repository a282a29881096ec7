#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "runtime/platform/platform.h"

namespace titan::validate {

/// Hands every call to another platform, which must outlive it: the base of platforms that watch or disturb one.
class ForwardingPlatform : public platform::Platform {
 public:
  explicit ForwardingPlatform(platform::Platform& inner) : inner_(inner) {}

  at::Device device() const override { return inner_.device(); }
  at::TensorOptions host_memory() const override { return inner_.host_memory(); }
  platform::World world() const override { return inner_.world(); }
  platform::Stream stream(platform::StreamRole role) override { return inner_.stream(role); }
  platform::Scope use_stream(const platform::Stream& stream) override { return inner_.use_stream(stream); }
  platform::Event record_event(const platform::Stream& stream) override { return inner_.record_event(stream); }
  double now() override { return inner_.now(); }
  platform::MemoryStats memory_stats() override { return inner_.memory_stats(); }
  std::unique_ptr<comm::Communicator> make_communicator(const std::vector<int>& ranks, std::string_view name) override;
  platform::Scope annotate(std::string_view name) override { return inner_.annotate(name); }
  bool has_values() const override { return inner_.has_values(); }
  double read(const at::Tensor& scalar, double expectation) override { return inner_.read(scalar, expectation); }
  std::vector<at::Tensor> run_unit(unit::UnitCall&& call) override;

 private:
  platform::Platform& inner_;
};

}  // namespace titan::validate
