#include "runtime/comm/enqueue.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace titan::comm {
namespace {

/// A device that only writes down what it is told; it has no tensors.
struct ScribeGuard final : c10::impl::DeviceGuardImplInterface {
  static inline std::vector<std::string> log;
  mutable c10::Stream current{c10::Stream::UNSAFE, c10::Device(c10::kPrivateUse1, 0), 0};

  static std::string text(const c10::Stream& stream) { return std::to_string(stream.id()); }

  c10::DeviceType type() const override { return c10::kPrivateUse1; }
  c10::Device exchangeDevice(c10::Device) const override { return getDevice(); }
  c10::Device getDevice() const override { return c10::Device(c10::kPrivateUse1, 0); }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device) const override { return current; }
  c10::Stream exchangeStream(c10::Stream next) const override {
    log.push_back("current " + text(next));
    return std::exchange(current, next);
  }
  c10::DeviceIndex deviceCount() const noexcept override { return 0; }  // autograd starts no thread for it
  void record(void** event, const c10::Stream& stream, c10::DeviceIndex, c10::EventFlag) const override {
    *event = &log;
    log.push_back("record on " + text(stream));
  }
  void block(void*, const c10::Stream& stream) const override { log.push_back("block " + text(stream)); }
  void synchronizeEvent(void*) const override { log.push_back("synchronize"); }
  void destroyEvent(void*, c10::DeviceIndex) const noexcept override {}
};

TEST(Enqueue, RunsAtOnceOnTheCpu) {
  bool ran = false;
  const Work work = enqueue(c10::Device(c10::kCPU), {}, [&] { ran = true; });
  EXPECT_TRUE(ran);
  work.wait({});
}

TEST(Enqueue, OrdersStreamsByAnEventOnOtherDevices) {
  static const ScribeGuard guard;
  const c10::impl::DeviceGuardImplRegistrar registrar(c10::kPrivateUse1, &guard);
  ScribeGuard::log.clear();
  const Work work = enqueue(c10::Device(c10::kPrivateUse1, 0), {platform::StreamRole::all_gather, 5},
                            [] { ScribeGuard::log.push_back("copy"); });
  work.wait({platform::StreamRole::compute, 3});
  work.wait_host();
  EXPECT_EQ(ScribeGuard::log,
            (std::vector<std::string>{"current 5", "copy", "record on 5", "current 0", "block 3", "synchronize"}));
}

}  // namespace
}  // namespace titan::comm
