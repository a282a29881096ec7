#include "runtime/comm/gloo_communicator.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "runtime/comm/call.h"
#include "runtime/comm/comm_error.h"
#include "runtime/comm/gloo_collectives.h"
#include "runtime/comm/rank_list.h"

namespace titan::comm {
namespace {

using Clock = std::chrono::steady_clock;
using Algorithm = std::function<void(GlooExchange&)>;

/// The end of an operation's time that is kept for finding out who is missing.
Milliseconds inquiry_time(Milliseconds timeout) {
  return std::min(timeout / 2, std::clamp(timeout / 4, Milliseconds(1000), Milliseconds(2000)));
}

std::string seconds_since(Clock::time_point begin) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(Clock::now() - begin).count());
  return text;
}

/// One operation: the handle that callers wait for and the work that the communicator's thread does. `run` holds the
/// tensors.
struct Operation final : WorkImpl {
  Call call;
  int64_t sequence = 0;
  Algorithm run;
  std::mutex mutex;
  std::condition_variable done_changed;
  bool done = false;
  std::exception_ptr error;

  void wait(const platform::Stream&) override { wait_host(); }
  void wait_host() override {
    std::unique_lock lock(mutex);
    done_changed.wait(lock, [this] { return done; });
    if (error) std::rethrow_exception(error);
  }
  void finish(std::exception_ptr outcome) {
    run = nullptr;
    std::lock_guard lock(mutex);
    done = true;
    error = std::move(outcome);
    done_changed.notify_all();
  }
  std::string text() const { return call.text() + " #" + std::to_string(sequence); }
};

}  // namespace

/// The thread of one communicator and its queue.
class GlooCommunicator::Worker {
 public:
  Worker(const GlooCommunicator& owner, std::unique_ptr<GlooChannel> channel, const std::atomic<int64_t>& timeout_ms)
      : owner_(owner), channel_(std::move(channel)), timeout_ms_(timeout_ms), thread_([this] { run(); }) {}

  ~Worker() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
      if (channel_ && current_) channel_->interrupt();
    }
    thread_.join();
  }

  std::shared_ptr<Operation> issue(Call call, Algorithm algorithm) {
    auto operation = std::make_shared<Operation>();
    operation->call = std::move(call);
    operation->run = std::move(algorithm);
    std::lock_guard lock(mutex_);
    operation->sequence = num_issued_++;
    if (cause_) throw CommError(error_text(*operation, *cause_));
    queue_.push_back(operation);
    changed_.notify_all();
    return operation;
  }

  void fail(const std::string& cause) {
    std::lock_guard lock(mutex_);
    if (cause_) return;
    cause_ = cause;
    if (channel_) channel_->interrupt();
    changed_.notify_all();
  }

  RankStatus status() const {
    std::lock_guard lock(mutex_);
    const std::string where = " on '" + owner_.name_ + "'";
    if (current_) return {true, "in " + current_->text() + where + " for " + seconds_since(since_), since_};
    if (!last_) return {};
    return {false, "in no operation; its last was " + last_->text() + where + ", " + seconds_since(since_) + " ago",
            since_};
  }

 private:
  void run() {
    while (auto operation = next()) {
      std::exception_ptr error;
      try {
        carry_out(*operation);
      } catch (...) {
        error = std::current_exception();
      }
      {
        std::lock_guard lock(mutex_);
        last_ = std::exchange(current_, nullptr);
        since_ = Clock::now();
      }
      operation->finish(error);
    }
  }

  std::shared_ptr<Operation> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return nullptr;
    current_ = std::move(queue_.front());
    queue_.pop_front();
    since_ = Clock::now();
    return current_;
  }

  void carry_out(Operation& operation) {
    if (const auto cause = ended_by()) throw CommError(error_text(operation, *cause));
    const Milliseconds timeout(timeout_ms_.load());
    const Milliseconds inquiry = inquiry_time(timeout);
    GlooExchange exchange{channel_.get(),
                          pool_,
                          owner_.rank_,
                          owner_.size(),
                          Clock::now() + timeout - inquiry,
                          signature_of(operation.call),
                          round_};
    try {
      operation.run(exchange);
    } catch (const PeerError& error) {
      auto cause = ended_by();
      if (!cause) {
        const int suspect = owner_.global_ranks_[static_cast<size_t>(error.peer)];
        cause = owner_.monitor_.diagnose({owner_.global_ranks_, suspect, Clock::now() >= exchange.deadline}, inquiry);
      }
      throw CommError(error_text(operation, *cause));
    }
  }

  /// Why nothing more can be done here, if so.
  std::optional<std::string> ended_by() const {
    std::lock_guard lock(mutex_);
    if (!cause_ && stopping_) return "the communicator was destroyed before the operation was complete";
    return cause_;
  }

  std::string error_text(const Operation& operation, const std::string& cause) const {
    return operation.text() + " on '" + owner_.name_ + "' (" + rank_list(owner_.global_ranks_) + "): " + cause;
  }

  const GlooCommunicator& owner_;
  const std::unique_ptr<GlooChannel> channel_;
  const std::atomic<int64_t>& timeout_ms_;
  ScratchPool pool_;    // the thread's
  uint16_t round_ = 0;  // the thread's

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Operation>> queue_;
  std::shared_ptr<Operation> current_;
  std::shared_ptr<Operation> last_;
  Clock::time_point since_;  // start of the current operation, or end of the last
  int64_t num_issued_ = 0;
  bool stopping_ = false;
  std::optional<std::string> cause_;
  std::thread thread_;  // last: starts when everything else is there
};

GlooCommunicator::GlooCommunicator(std::string name, std::vector<int> global_ranks, int rank,
                                   std::unique_ptr<GlooChannel> channel, FailureMonitor& monitor,
                                   const std::atomic<int64_t>& timeout_ms,
                                   std::function<void(GlooCommunicator*)> on_destruction)
    : name_(std::move(name)),
      global_ranks_(std::move(global_ranks)),
      rank_(rank),
      monitor_(monitor),
      on_destruction_(std::move(on_destruction)),
      worker_(std::make_unique<Worker>(*this, std::move(channel), timeout_ms)) {}

GlooCommunicator::~GlooCommunicator() { on_destruction_(this); }

Work GlooCommunicator::all_reduce(const at::Tensor& tensor, ReduceOp op, const platform::Stream&) {
  const Call call = all_reduce_call(tensor, op);
  return Work(
      worker_->issue(call, [call, tensor](GlooExchange& exchange) { gloo_all_reduce(exchange, call, tensor); }));
}

Work GlooCommunicator::all_gather(const at::Tensor& shard, const at::Tensor& full, const platform::Stream&) {
  return Work(worker_->issue(all_gather_call(shard, full, size()),
                             [shard, full](GlooExchange& exchange) { gloo_all_gather(exchange, shard, full); }));
}

Work GlooCommunicator::reduce_scatter(const at::Tensor& full, const at::Tensor& shard, ReduceOp op,
                                      const platform::Stream&) {
  const Call call = reduce_scatter_call(full, shard, op, size());
  return Work(worker_->issue(
      call, [call, full, shard](GlooExchange& exchange) { gloo_reduce_scatter(exchange, call, full, shard); }));
}

Work GlooCommunicator::all_to_all(const at::Tensor& send, const at::Tensor& recv,
                                  const std::vector<int64_t>& send_splits, const std::vector<int64_t>& recv_splits,
                                  const platform::Stream&) {
  const Call call = all_to_all_call(send, recv, send_splits, recv_splits, size());
  return Work(worker_->issue(
      call, [call, send, recv](GlooExchange& exchange) { gloo_all_to_all(exchange, call, send, recv); }));
}

Work GlooCommunicator::broadcast(const at::Tensor& tensor, int root, const platform::Stream&) {
  const Call call = broadcast_call(tensor, root, size());
  return Work(worker_->issue(call, [call, tensor](GlooExchange& exchange) { gloo_broadcast(exchange, call, tensor); }));
}

void GlooCommunicator::barrier() {
  worker_->issue(Call{}, [](GlooExchange& exchange) { gloo_barrier(exchange); })->wait_host();
}

void GlooCommunicator::abort(const std::string& reason) {
  const int global_rank = global_ranks_[static_cast<size_t>(rank_)];
  fail(monitor_.report(abort_cause(global_rank, reason), kReportTime));
}

RankStatus GlooCommunicator::status() const { return worker_->status(); }

void GlooCommunicator::fail(const std::string& cause) { worker_->fail(cause); }

}  // namespace titan::comm
