#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace titan::data {

/// Calls a producer on a thread of its own, up to `depth` items ahead of the consumer. Items arrive in order.
/// Construct, call and destroy it from one thread.
template <class Item>
class Prefetcher {
 public:
  /// Starts the thread. `produce` gives the next item, absent at the end, and may throw; it is called by that thread
  /// only and is not called again after it ended or threw.
  Prefetcher(std::function<std::optional<Item>()> produce, size_t depth)
      : produce_(std::move(produce)), depth_(depth), thread_([this] { run(); }) {}

  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// Stops the thread after the item it is working on.
  ~Prefetcher() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  /// Waits for the next item; absent at the end. Items made before an exception come first, then each call rethrows it.
  std::optional<Item> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !items_.empty() || finished_; });
    if (!items_.empty()) {
      std::optional<Item> item(std::move(items_.front()));
      items_.pop_front();
      lock.unlock();
      changed_.notify_all();
      return item;
    }
    if (error_) std::rethrow_exception(error_);
    return std::nullopt;
  }

 private:
  void run() {
    std::exception_ptr error;
    try {
      while (wait_for_room()) {
        std::optional<Item> item = produce_();
        if (!item) break;
        push(std::move(*item));
      }
    } catch (...) {
      error = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex_);
      error_ = error;
      finished_ = true;
    }
    changed_.notify_all();
  }

  bool wait_for_room() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || items_.size() < depth_; });
    return !stopping_;
  }

  void push(Item item) {
    {
      const std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
    }
    changed_.notify_all();
  }

  std::function<std::optional<Item>()> produce_;
  const size_t depth_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  std::exception_ptr error_;
  bool stopping_ = false;
  bool finished_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace titan::data
