#include "runtime/comm/enqueue.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>

#include <utility>

namespace titan::comm {
namespace {

c10::Stream device_stream(c10::Device device, const platform::Stream& stream) {
  return c10::Stream(c10::Stream::UNSAFE, device, stream.id);
}

class EventWork final : public WorkImpl {
 public:
  EventWork(c10::Device device, c10::Event event) : device_(device), event_(std::move(event)) {}

  void wait(const platform::Stream& stream) override { event_.block(device_stream(device_, stream)); }
  void wait_host() override { event_.synchronize(); }

 private:
  c10::Device device_;
  c10::Event event_;
};

}  // namespace

Work enqueue(c10::Device device, const platform::Stream& stream, const std::function<void()>& issue) {
  // Communication is no part of the autograd graph and leaves version counters alone.
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  if (device.is_cpu()) {
    issue();
    return Work();
  }
  const c10::Stream on = device_stream(device, stream);
  const c10::StreamGuard guard(on);
  issue();
  c10::Event event(device.type());
  event.record(on);
  return Work(std::make_shared<EventWork>(device, std::move(event)));
}

}  // namespace titan::comm
