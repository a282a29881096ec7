#include "runtime/data/prefetcher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>

namespace titan::data {
namespace {

using std::chrono::milliseconds;

std::function<std::optional<int>()> counter(std::atomic<int>& made, int end) {
  return [&made, end]() -> std::optional<int> { return made < end ? std::optional<int>(made++) : std::nullopt; };
}

TEST(Prefetcher, HandsOutItemsInOrderAndThenEnds) {
  std::atomic<int> made = 0;
  Prefetcher<int> items(counter(made, 1000), 3);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(items.next(), i);
  EXPECT_EQ(items.next(), std::nullopt);
  EXPECT_EQ(items.next(), std::nullopt);
}

TEST(Prefetcher, RunsAheadByItsDepthAndNoFurther) {
  std::atomic<int> made = 0;
  Prefetcher<int> items(counter(made, 1000), 4);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (made < 4 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(made, 4);
  EXPECT_EQ(items.next(), 0);
}

// The producer is held back inside its fifth item: the four before it are there without it.
TEST(Prefetcher, ConsumerGetsWhatWasMadeAheadWhileTheProducerWorks) {
  std::atomic<int> made = 0;
  std::promise<void> gate;
  std::shared_future<void> opened = gate.get_future().share();
  Prefetcher<int> items(
      [&made, opened]() -> std::optional<int> {
        if (made == 4) opened.wait();
        return made++;
      },
      4);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(items.next(), i);
  EXPECT_EQ(made, 4);
  gate.set_value();
  EXPECT_EQ(items.next(), 4);
}

TEST(Prefetcher, ExceptionComesAfterTheItemsBeforeItAndStays) {
  int made = 0;
  Prefetcher<int> items(
      [&made]() -> std::optional<int> {
        if (made == 2) throw std::runtime_error("disk is gone");
        return made++;
      },
      8);
  EXPECT_EQ(items.next(), 0);
  EXPECT_EQ(items.next(), 1);
  EXPECT_THROW(items.next(), std::runtime_error);
  EXPECT_THROW(items.next(), std::runtime_error);
}

TEST(Prefetcher, StopsCleanlyAtAnyMoment) {
  for (int taken = 0; taken < 20; ++taken) {
    std::atomic<int> made = 0;
    Prefetcher<int> items(counter(made, 1 << 30), 1 + taken % 3);
    for (int i = 0; i < taken; ++i) items.next();
  }
}

}  // namespace
}  // namespace titan::data
