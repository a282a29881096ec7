#include "sim/device/device_guard.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <utility>

#include "sim/device/device_table.h"
#include "sim/device/storage.h"

namespace titan::sim {
namespace {

constexpr c10::DeviceType kType = c10::DeviceType::PrivateUse1;

/// What a c10::Event points to.
struct RecordedEvent {
  std::shared_ptr<RankState> rank;
  uint32_t number;
};

RankState& rank_of(const c10::Stream& stream) { return rank_of_device(stream.device_index()); }
uint8_t number_of(const c10::Stream& stream) { return static_cast<uint8_t>(stream.id()); }

c10::Stream stream_of(c10::DeviceIndex index, uint8_t number) {
  return c10::Stream(c10::Stream::UNSAFE, c10::Device(kType, index), number);
}

c10::DeviceIndex index_of(c10::Device device) { return device.has_index() ? device.index() : current_device(); }

class DeviceGuard final : public c10::impl::DeviceGuardImplInterface {
 public:
  c10::DeviceType type() const override { return c10::DeviceType::PrivateUse1; }
  c10::Device exchangeDevice(c10::Device device) const override;
  c10::Device getDevice() const override;
  void setDevice(c10::Device device) const override;
  void uncheckedSetDevice(c10::Device device) const noexcept override;
  c10::DeviceIndex deviceCount() const noexcept override;

  c10::Stream getStream(c10::Device device) const override;
  c10::Stream getDefaultStream(c10::Device device) const override;
  c10::Stream exchangeStream(c10::Stream stream) const override;
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream& stream) const override;
  void recordDataPtrOnStream(const c10::DataPtr& data, const c10::Stream& stream) const override;

  void record(void** event, const c10::Stream& stream, c10::DeviceIndex device, c10::EventFlag flag) const override;
  void block(void* event, const c10::Stream& stream) const override;
  bool queryEvent(void*) const override { return true; }
  void synchronizeEvent(void* event) const override;
  void destroyEvent(void* event, c10::DeviceIndex device) const noexcept override;
};

/// What LibTorch asks of an accelerator.
class DeviceHooks final : public at::PrivateUse1HooksInterface {
 public:
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  /// There are no values to draw; seeding LibTorch seeds it.
  const at::Generator& getDefaultGenerator(c10::DeviceIndex index) const override;
  bool hasPrimaryContext(c10::DeviceIndex index) const override;
  c10::DeviceIndex deviceCount() const override;
  c10::DeviceIndex getCurrentDevice() const override;
  void setCurrentDevice(c10::DeviceIndex index) const override;
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex index) const override;
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex index) const override;
  void resizePrivateUse1Bytes(const c10::Storage& storage, size_t num_bytes) const override;
};

c10::Device DeviceGuard::exchangeDevice(c10::Device device) const {
  const c10::Device before = getDevice();
  setDevice(device);
  return before;
}

c10::Device DeviceGuard::getDevice() const { return c10::Device(kType, current_device()); }
void DeviceGuard::setDevice(c10::Device device) const { set_current_device(index_of(device)); }
void DeviceGuard::uncheckedSetDevice(c10::Device device) const noexcept { set_current_device(index_of(device)); }
c10::DeviceIndex DeviceGuard::deviceCount() const noexcept { return kMaxRanks; }

c10::Stream DeviceGuard::getStream(c10::Device device) const {
  const c10::DeviceIndex index = index_of(device);
  return stream_of(index, has_device(index) ? rank_of_device(index).stream() : 0);
}

c10::Stream DeviceGuard::getDefaultStream(c10::Device device) const { return stream_of(index_of(device), 0); }

c10::Stream DeviceGuard::exchangeStream(c10::Stream stream) const {
  const c10::Stream before = getStream(stream.device());
  if (before != stream) rank_of(stream).set_stream(number_of(stream));
  return before;
}

void DeviceGuard::synchronizeStream(const c10::Stream& stream) const {
  rank_of(stream).recorder().host_sync(number_of(stream));
}

void DeviceGuard::recordDataPtrOnStream(const c10::DataPtr&, const c10::Stream& stream) const {
  TORCH_CHECK(false, "simulated device: memory is ordered by events, not by record_stream: stream ", stream.id());
}

void DeviceGuard::record(void** event, const c10::Stream& stream, c10::DeviceIndex, c10::EventFlag) const {
  RankState& rank = rank_of(stream);
  auto* recorded = static_cast<RecordedEvent*>(std::exchange(*event, nullptr));
  delete recorded;
  *event = new RecordedEvent{rank.shared_from_this(), rank.recorder().record_event(number_of(stream))};
}

void DeviceGuard::block(void* event, const c10::Stream& stream) const {
  if (!event) return;
  const auto* recorded = static_cast<const RecordedEvent*>(event);
  recorded->rank->recorder().wait_event(number_of(stream), recorded->number);
}

void DeviceGuard::synchronizeEvent(void* event) const {
  if (!event) return;
  const auto* recorded = static_cast<const RecordedEvent*>(event);
  recorded->rank->recorder().host_wait(recorded->number);
}

void DeviceGuard::destroyEvent(void* event, c10::DeviceIndex) const noexcept {
  delete static_cast<RecordedEvent*>(event);
}

const at::Generator& DeviceHooks::getDefaultGenerator(c10::DeviceIndex) const {
  static const at::Generator generator = at::detail::createCPUGenerator();
  return generator;
}

bool DeviceHooks::hasPrimaryContext(c10::DeviceIndex index) const { return has_device(index); }
c10::DeviceIndex DeviceHooks::deviceCount() const { return kMaxRanks; }
c10::DeviceIndex DeviceHooks::getCurrentDevice() const { return current_device(); }
void DeviceHooks::setCurrentDevice(c10::DeviceIndex index) const { set_current_device(index); }

c10::DeviceIndex DeviceHooks::exchangeDevice(c10::DeviceIndex index) const {
  const c10::DeviceIndex before = current_device();
  set_current_device(index);
  return before;
}

c10::DeviceIndex DeviceHooks::maybeExchangeDevice(c10::DeviceIndex index) const { return exchangeDevice(index); }

void DeviceHooks::resizePrivateUse1Bytes(const c10::Storage& storage, size_t num_bytes) const {
  grow_storage(storage, num_bytes);
}

}  // namespace

void register_device_guard() {
  // LibTorch keeps pointers to them until the process ends.
  static DeviceHooks hooks;
  static DeviceGuard guard;
  at::RegisterPrivateUse1HooksInterface(&hooks);
  const c10::impl::DeviceGuardImplRegistrar registrar(c10::DeviceType::PrivateUse1, &guard);
}

}  // namespace titan::sim
