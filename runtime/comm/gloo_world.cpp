#include "runtime/comm/gloo_world.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <csignal>
#include <numeric>
#include <optional>
#include <thread>
#include <utility>

#include "runtime/comm/call.h"
#include "runtime/comm/comm_error.h"
#include "runtime/comm/gloo_communicator.h"
#include "runtime/comm/rank_list.h"

namespace titan::comm {
namespace {

using Clock = std::chrono::steady_clock;

std::unique_ptr<RendezvousStore> open_store(const GlooWorldOptions& options) {
  // A write to a peer that was killed must fail as an error that names it, not end this process.
  std::signal(SIGPIPE, SIG_IGN);
  if (options.rank_0_serves && options.world.rank == 0) return RendezvousStore::serve(options.store, options.timeout);
  return RendezvousStore::connect(options.store, options.timeout);
}

}  // namespace

GlooWorld::GlooWorld(GlooWorldOptions options)
    : options_(std::move(options)), timeout_ms_(options_.timeout.count()), store_(open_store(options_)) {
  device_ = std::make_unique<GlooDevice>(store_->point());
  monitor_ = std::make_unique<FailureMonitor>(
      store_->clone(), options_.world, options_.rank_0_serves,
      FailureMonitor::Callbacks{[this] { return status(); }, [this](const std::string& cause) { fail(cause); }});
  std::vector<int> all(static_cast<size_t>(options_.world.size));
  std::iota(all.begin(), all.end(), 0);
  wait_for_ranks("rendezvous", all);
}

GlooWorld::~GlooWorld() { monitor_->leave(Milliseconds(timeout_ms_.load())); }

std::unique_ptr<Communicator> GlooWorld::make_communicator(const std::vector<int>& ranks, std::string_view name) {
  check_ranks(ranks, options_.world.rank, options_.world.size, name);
  const auto self = std::find(ranks.begin(), ranks.end(), options_.world.rank);
  const int rank = static_cast<int>(self - ranks.begin());
  const int size = static_cast<int>(ranks.size());
  std::unique_ptr<GlooChannel> channel;
  if (size > 1) {
    const std::string group = std::string(name) + " (" + rank_list(ranks) + ")";
    const std::string key = group + " " + std::to_string(num_made_[group]++);
    wait_for_ranks("make_communicator '" + key + "'", ranks);
    channel = std::make_unique<GlooChannel>(*store_, key, rank, size, *device_, Milliseconds(timeout_ms_.load()));
  }
  auto communicator = std::make_unique<GlooCommunicator>(GlooGroup{std::string(name), ranks, rank}, std::move(channel),
                                                         *monitor_, timeout_ms_, [this](GlooCommunicator* gone) {
                                                           std::lock_guard lock(mutex_);
                                                           std::erase(communicators_, gone);
                                                         });
  {
    std::lock_guard lock(mutex_);
    communicators_.push_back(communicator.get());
  }
  if (const auto cause = monitor_->cause()) communicator->fail(*cause);
  return communicator;
}

/// Returns when all `ranks` have called this with the same `what`.
void GlooWorld::wait_for_ranks(const std::string& what, const std::vector<int>& ranks) {
  const auto key = [&](int rank) { return "titan/here/" + what + "/" + std::to_string(rank); };
  const auto started = Clock::now();
  const Milliseconds timeout(timeout_ms_.load());
  store_->set(key(options_.world.rank), "1");
  std::vector<std::string> keys;
  for (int rank : ranks) keys.push_back(key(rank));
  for (Milliseconds pause(1);; pause = std::min(pause * 2, Milliseconds(50))) {
    if (store_->has_all(keys)) return;
    if (const auto cause = monitor_->cause()) throw CommError(what + ": " + *cause);
    if (Clock::now() - started > timeout) break;
    std::this_thread::sleep_for(pause);
  }
  std::vector<int> absent = ranks;
  std::erase_if(absent, [&](int rank) { return store_->has_all({key(rank)}); });
  const std::string cause = rank_list(absent) + " of " + std::to_string(options_.world.size) +
                            (absent.size() == 1 ? " is missing: it has" : " are missing: they have") +
                            " not come within " + std::to_string(timeout.count() / 1000) + " s";
  throw CommError(what + ": " + monitor_->report(cause, kReportTime));
}

void GlooWorld::set_timeout(Milliseconds timeout) {
  TORCH_CHECK(timeout >= Milliseconds(1000), "set_timeout: timeout must be at least 1 s: timeout_ms=", timeout.count());
  timeout_ms_ = timeout.count();
}

void GlooWorld::abort(const std::string& reason) {
  fail(monitor_->report(abort_cause(options_.world.rank, reason), kReportTime));
}

RankStatus GlooWorld::status() {
  std::lock_guard lock(mutex_);
  RankStatus latest{false, "in no operation so far", {}};
  for (const GlooCommunicator* communicator : communicators_) {
    RankStatus status = communicator->status();
    if (status.text.empty()) continue;
    if (status.in_operation > latest.in_operation ||
        (status.in_operation == latest.in_operation && status.since > latest.since))
      latest = std::move(status);
  }
  return latest;
}

void GlooWorld::fail(const std::string& cause) {
  std::lock_guard lock(mutex_);
  for (GlooCommunicator* communicator : communicators_) communicator->fail(cause);
}

}  // namespace titan::comm
