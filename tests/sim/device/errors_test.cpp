#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/histc.h>
#include <ATen/ops/mm.h>
#include <gtest/gtest.h>

#include "sim/memory/out_of_memory.h"
#include "sim/platform/sim_platform.h"

namespace titan::sim {
namespace {

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class SimDeviceErrors : public testing::Test {
 protected:
  at::Tensor make(at::IntArrayRef sizes, at::ScalarType dtype = at::kFloat) {
    return at::empty(sizes, at::TensorOptions(dtype).device(platform_.device()));
  }

  SimPlatform platform_{platform::World{.rank = 0, .size = 1}};
};

TEST_F(SimDeviceErrors, AnOperatorWithoutShapePathIsNamedWithWhatToAdd) {
  const auto message = message_of([&] { at::histc(make({8})); });
  EXPECT_TRUE(contains(message, "operator aten::histc has no shape path")) << message;
  EXPECT_TRUE(contains(message, "sim/device/shapes.cpp")) << message;
}

TEST_F(SimDeviceErrors, ReadingAValueOutsidePlatformReadIsNamed) {
  const auto message = message_of([&] { make({}).item(); });
  EXPECT_TRUE(contains(message, "aten::_local_scalar_dense")) << message;
  EXPECT_TRUE(contains(message, "Platform::read")) << message;
}

TEST_F(SimDeviceErrors, CopyingValuesToTheHostIsNamed) {
  const auto message = message_of([&] { make({4}).to(at::kCPU); });
  EXPECT_TRUE(contains(message, "aten::copy_ would write values to a host tensor")) << message;
}

TEST_F(SimDeviceErrors, AHostTensorAmongDeviceTensorsIsNamed) {
  const auto message = message_of([&] { at::mm(make({4, 4}), at::empty({4, 4})); });
  EXPECT_TRUE(contains(message, "aten::mm got tensors on several devices")) << message;
}

TEST_F(SimDeviceErrors, TensorsOfTwoRanksInOneOperatorAreNamed) {
  SimPlatform other(platform::World{.rank = 0, .size = 1});
  const auto theirs = at::empty({4}, at::TensorOptions().device(other.device()));
  const auto message = message_of([&] { make({4}).add(theirs); });
  EXPECT_TRUE(contains(message, "got tensors of several ranks")) << message;
}

TEST_F(SimDeviceErrors, UsingFreedStorageIsNamed) {
  const auto tensor = make({4});
  auto* storage = tensor.storage().unsafeGetStorageImpl();
  storage->set_data_ptr_noswap(c10::DataPtr(nullptr, storage->device()));
  storage->set_nbytes(0);
  const auto message = message_of([&] { tensor.mul(2.0); });
  EXPECT_TRUE(contains(message, "aten::mul.Tensor uses storage that was freed: argument 0 of sizes [4]")) << message;
}

TEST_F(SimDeviceErrors, ShapesThatDoNotFitAreLibTorchsOwnError) {
  const auto message = message_of([&] { at::mm(make({4, 5}), make({4, 5})); });
  EXPECT_TRUE(contains(message, "mat1 and mat2 shapes cannot be multiplied (4x5 and 4x5)")) << message;
}

TEST_F(SimDeviceErrors, NothingCanBeRecordedAfterTheTraceWasTaken) {
  auto tensor = make({4});
  platform_.take_trace();
  const auto message = message_of([&] { tensor.mul(2.0); });
  EXPECT_TRUE(contains(message, "the trace of rank 0 has been taken")) << message;
  tensor.reset();  // freeing still works
}

// 1 GiB holds one block of 600 MiB, not two.
TEST(SimDevice, GoingBeyondTheCapacityIsPyTorchsOutOfMemoryMessage) {
  SimPlatform platform(platform::World{}, {.memory = {.capacity_bytes = memory::kGiB}});
  const auto options = at::TensorOptions(at::kByte).device(platform.device());
  const auto first = at::empty({600 << 20}, options);
  const auto message = message_of([&] { at::empty({600 << 20}, options); });
  EXPECT_TRUE(contains(message, "CUDA out of memory. Tried to allocate 600.00 MiB.")) << message;
  EXPECT_EQ(platform.memory_stats().num_ooms, 1);
}

// Two products on one stream share the 32 MiB that the first allocates; nothing frees them.
TEST(SimDevice, TheFirstMatrixProductOfAStreamAllocatesItsWorkspaceForGood) {
  SimPlatform platform(platform::World{}, {.matmul_workspace_bytes = 32 * memory::kMiB});
  const auto a = at::empty({4, 4}, at::TensorOptions().device(platform.device()));
  at::mm(a, a);
  at::mm(a, a);
  const auto stream = platform.use_stream(platform.stream(platform::StreamRole::all_gather));
  at::mm(a, a);
  EXPECT_EQ(platform.memory_stats().allocated_bytes, static_cast<int64_t>(64 * memory::kMiB + 512));
}

TEST(SimDevice, RanksOnOneThreadRecordApart) {
  SimPlatform first(platform::World{.rank = 0, .size = 2}), second(platform::World{.rank = 1, .size = 2});
  const auto a = at::empty({4}, at::TensorOptions().device(first.device()));
  const auto b = at::empty({8}, at::TensorOptions().device(second.device()));
  a.mul(2.0);
  b.mul(2.0);
  b.mul(3.0);
  EXPECT_EQ(first.trace().rank, 0);
  EXPECT_EQ(second.trace().rank, 1);
  EXPECT_EQ(first.trace().num_storages, 2u);   // a, a * 2
  EXPECT_EQ(second.trace().num_storages, 3u);  // b, b * 2, b * 3
  EXPECT_EQ(first.trace().ops.at(0).inputs.at(0), std::vector<int64_t>({4}));
  EXPECT_EQ(second.trace().ops.at(0).inputs.at(0), std::vector<int64_t>({8}));
}

TEST(SimDevice, StorageMayOutliveItsPlatform) {
  at::Tensor survivor;
  {
    SimPlatform platform((platform::World()));
    survivor = at::empty({4}, at::TensorOptions().device(platform.device()));
  }
  survivor.reset();
  SUCCEED();
}

}  // namespace
}  // namespace titan::sim
