#include "runtime/comm/gloo_queue.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <utility>

#include "runtime/comm/comm_error.h"
#include "runtime/comm/rank_list.h"

namespace titan::comm {
namespace {

using Clock = std::chrono::steady_clock;

/// The end of an operation's time that is kept for finding out who is missing.
Milliseconds inquiry_time(Milliseconds timeout) {
  return std::min(timeout / 2, std::clamp(timeout / 4, Milliseconds(1000), Milliseconds(2000)));
}

std::string seconds_since(Clock::time_point begin) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(Clock::now() - begin).count());
  return text;
}

}  // namespace

struct GlooQueue::Operation final : WorkImpl {
  Operation(GlooQueue& owner, Call what, Algorithm how) : queue(owner), call(std::move(what)), run(std::move(how)) {}

  GlooQueue& queue;  // there until `done`
  const Call call;
  int64_t sequence = 0;
  Algorithm run;
  std::exception_ptr error;  // set before `done`
  std::atomic<bool> done = false;

  void wait(const platform::Stream&) override { wait_host(); }
  void wait_host() override {
    if (!done) queue.wait_for(*this);
    if (error) std::rethrow_exception(error);
  }
  std::string text() const { return call.text() + " #" + std::to_string(sequence); }
};

GlooQueue::GlooQueue(const GlooGroup& group, std::unique_ptr<GlooChannel> channel, FailureMonitor& monitor,
                     const std::atomic<int64_t>& timeout_ms)
    : group_(group), channel_(std::move(channel)), monitor_(monitor), timeout_ms_(timeout_ms), thread_([this] {
        run();
      }) {}

GlooQueue::~GlooQueue() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    can_run_.notify_one();
    if (channel_ && running_) channel_->interrupt();
  }
  thread_.join();
}

Work GlooQueue::issue(Call call, Algorithm algorithm) {
  auto operation = std::make_shared<Operation>(*this, std::move(call), std::move(algorithm));
  std::lock_guard lock(mutex_);
  operation->sequence = num_issued_++;
  if (cause_) throw CommError(error_text(*operation, *cause_));
  queue_.push_back(operation);
  can_run_.notify_one();
  return Work(std::move(operation));
}

void GlooQueue::fail(const std::string& cause) {
  std::lock_guard lock(mutex_);
  if (cause_) return;
  cause_ = cause;
  if (channel_) channel_->interrupt();
}

RankStatus GlooQueue::status() const {
  std::lock_guard lock(mutex_);
  const std::string where = " on '" + group_.name + "'";
  const auto& busy_with = running_ || queue_.empty() ? running_ : queue_.front();
  if (busy_with) return {true, "in " + busy_with->text() + where + " for " + seconds_since(since_), since_};
  if (!last_) return {};
  const std::string ago = ", " + seconds_since(since_) + " ago";
  return {false, "in no operation; its last was " + last_->text() + where + ago, since_};
}

void GlooQueue::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    can_run_.wait(lock, [this] { return !running_ && (stopping_ || !queue_.empty()); });
    if (queue_.empty()) return;
    run_first(lock);
  }
}

void GlooQueue::wait_for(const Operation& operation) {
  std::unique_lock lock(mutex_);
  while (!operation.done) {
    if (!running_ && !queue_.empty())
      run_first(lock);
    else
      has_changed_.wait(lock);
  }
}

/// Takes the first operation and runs it on the calling thread. No other is running.
void GlooQueue::run_first(std::unique_lock<std::mutex>& lock) {
  const auto operation = running_ = std::move(queue_.front());
  queue_.pop_front();
  since_ = Clock::now();
  lock.unlock();
  std::exception_ptr error;
  try {
    carry_out(*operation);
  } catch (...) {
    error = std::current_exception();
  }
  operation->run = nullptr;  // lets go of the tensors
  lock.lock();
  last_ = std::exchange(running_, nullptr);
  since_ = Clock::now();
  operation->error = std::move(error);
  operation->done = true;
  has_changed_.notify_all();
  if (stopping_ || !queue_.empty()) can_run_.notify_one();
}

void GlooQueue::carry_out(Operation& operation) {
  if (const auto cause = ended_by()) throw CommError(error_text(operation, *cause));
  const Milliseconds timeout(timeout_ms_.load());
  const Milliseconds inquiry = inquiry_time(timeout);
  GlooExchange exchange{.channel = channel_.get(),
                        .pool = pool_,
                        .rank = group_.rank,
                        .size = group_.size(),
                        .deadline = Clock::now() + timeout - inquiry,
                        .signature = signature_of(operation.call),
                        .round = round_};
  try {
    operation.run(exchange);
  } catch (const PeerError& error) {
    throw CommError(error_text(operation, cause_of(error, exchange, inquiry)));
  }
}

std::string GlooQueue::cause_of(const PeerError& error, const GlooExchange& exchange, Milliseconds limit) {
  if (const auto cause = ended_by()) return *cause;
  const int suspect = group_.global_ranks[static_cast<size_t>(error.peer)];
  return monitor_.diagnose({group_.global_ranks, suspect, Clock::now() >= exchange.deadline}, limit);
}

/// Why nothing more can be done here, if so.
std::optional<std::string> GlooQueue::ended_by() const {
  std::lock_guard lock(mutex_);
  if (!cause_ && stopping_) return "the communicator was destroyed before the operation was complete";
  return cause_;
}

std::string GlooQueue::error_text(const Operation& operation, const std::string& cause) const {
  return operation.text() + " on '" + group_.name + "' (" + rank_list(group_.global_ranks) + "): " + cause;
}

}  // namespace titan::comm
