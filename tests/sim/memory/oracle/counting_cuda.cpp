// The CUDA runtime and driver entry points that libc10_cuda calls, over the counting device: defined in the executable,
// they take precedence over the real library's.
#include <cuda.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <string_view>

#include "tests/sim/memory/oracle/counting_device.h"

namespace titan::memory {
namespace {

constexpr uint64_t kAlignment = uint64_t{2} << 20;

uint64_t next_mapping_handle = 1;

void give_back(uint64_t key) {
  const auto found = counting_device().allocation_bytes.find(key);
  counting_device().held_bytes -= found->second;
  counting_device().allocation_bytes.erase(found);
}

CountingDevice::Event& event_of(cudaEvent_t event) {
  return counting_device().events[reinterpret_cast<uintptr_t>(event) - 1];
}

CUresult reserve_addresses(CUdeviceptr* address, size_t bytes, size_t, CUdeviceptr, unsigned long long) {
  *address = counting_device().reserve_addresses(bytes);
  return CUDA_SUCCESS;
}

CUresult create_mapping(CUmemGenericAllocationHandle* handle, size_t bytes, const CUmemAllocationProp*,
                        unsigned long long) {
  if (!counting_device().take(bytes)) return CUDA_ERROR_OUT_OF_MEMORY;
  *handle = next_mapping_handle++;
  counting_device().allocation_bytes[*handle] = bytes;
  return CUDA_SUCCESS;
}

CUresult release_mapping(CUmemGenericAllocationHandle handle) {
  give_back(handle);
  return CUDA_SUCCESS;
}

CUresult device_attribute(int* value, CUdevice_attribute, CUdevice) {
  *value = 0;
  return CUDA_SUCCESS;
}

CUresult granularity(size_t* bytes, const CUmemAllocationProp*, CUmemAllocationGranularity_flags) {
  *bytes = kAlignment;
  return CUDA_SUCCESS;
}

CUresult error_string(CUresult, const char** text) {
  *text = "an error of the counting device";
  return CUDA_SUCCESS;
}

CUresult succeed() { return CUDA_SUCCESS; }

void* driver_entry_point(std::string_view name) {
  if (name == "cuMemAddressReserve") return reinterpret_cast<void*>(reserve_addresses);
  if (name == "cuMemCreate") return reinterpret_cast<void*>(create_mapping);
  if (name == "cuMemRelease") return reinterpret_cast<void*>(release_mapping);
  if (name == "cuMemGetAllocationGranularity") return reinterpret_cast<void*>(granularity);
  if (name == "cuDeviceGetAttribute") return reinterpret_cast<void*>(device_attribute);
  if (name == "cuGetErrorString") return reinterpret_cast<void*>(error_string);
  return reinterpret_cast<void*>(succeed);
}

}  // namespace

bool CountingDevice::take(uint64_t bytes) {
  if (held_bytes + other_bytes + bytes > capacity_bytes) return false;
  held_bytes += bytes;
  return true;
}

uint64_t CountingDevice::reserve_addresses(uint64_t bytes) {
  const uint64_t address = next_address;
  next_address += (bytes + kAlignment - 1) / kAlignment * kAlignment;
  return address;
}

CountingDevice& counting_device() {
  static CountingDevice device;
  return device;
}

}  // namespace titan::memory

using titan::memory::counting_device;
using titan::memory::event_of;

extern "C" {

cudaError_t cudaMalloc(void** address, size_t bytes) {
  if (!counting_device().take(bytes)) return cudaErrorMemoryAllocation;
  const uint64_t value = counting_device().reserve_addresses(bytes);
  counting_device().allocation_bytes[value] = bytes;
  *address = reinterpret_cast<void*>(value);
  return cudaSuccess;
}

cudaError_t cudaFree(void* address) {
  if (address != nullptr) titan::memory::give_back(reinterpret_cast<uintptr_t>(address));
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total_bytes) {
  const auto& device = counting_device();
  *free_bytes = device.capacity_bytes - std::min(device.capacity_bytes, device.held_bytes + device.other_bytes);
  *total_bytes = device.capacity_bytes;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  *device = counting_device().current_device;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  counting_device().current_device = device;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 64;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {};
  properties->major = 9;
  properties->totalGlobalMem = counting_device().capacity_bytes;
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  counting_device().events.push_back({});
  *event = reinterpret_cast<cudaEvent_t>(counting_device().events.size());
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  auto& device = counting_device();
  const auto found =
      std::find(device.stream_handles.begin(), device.stream_handles.end(), reinterpret_cast<uintptr_t>(stream));
  if (found == device.stream_handles.end()) return cudaErrorInvalidValue;
  const auto index = static_cast<uint32_t>(found - device.stream_handles.begin());
  event_of(event) = {index, ++device.events_recorded[index]};
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  const auto [stream, number] = event_of(event);
  return number <= counting_device().events_completed[stream] ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const auto [stream, number] = event_of(event);
  uint64_t& completed = counting_device().events_completed[stream];
  completed = std::max(completed, number);
  return cudaSuccess;
}

cudaError_t cudaGetDriverEntryPointByVersion(const char* name, void** function, unsigned, unsigned long long,
                                             cudaDriverEntryPointQueryResult* result) {
  if (result != nullptr) *result = cudaDriverEntryPointSuccess;
  *function = titan::memory::driver_entry_point(name);
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t, cudaStreamCaptureStatus* status) {
  *status = cudaStreamCaptureStatusNone;
  return cudaSuccess;
}

cudaError_t cudaStreamGetCaptureInfo(cudaStream_t, cudaStreamCaptureStatus* status, unsigned long long*, cudaGraph_t*,
                                     const cudaGraphNode_t**, const cudaGraphEdgeData**, size_t*) {
  *status = cudaStreamCaptureStatusNone;
  return cudaSuccess;
}

cudaError_t cudaGetLastError() { return cudaSuccess; }
const char* cudaGetErrorString(cudaError_t) { return "an error of the counting device"; }
cudaError_t cudaEventDestroy(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode*) { return cudaSuccess; }

cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0;
  *greatest = 0;
  return cudaSuccess;
}

}  // extern "C"
