#include "runtime/comm/failure_monitor.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>

#include "runtime/comm/comm_error.h"
#include "runtime/comm/rank_list.h"

namespace titan::comm {
namespace {

using Clock = std::chrono::steady_clock;
using Statuses = std::map<int, RankStatus>;

constexpr Milliseconds kQuietInterval{100};
constexpr Milliseconds kAlarmInterval{20};
constexpr Milliseconds kAnswerTime{600};  // in which a rank that lives has answered an alarm even on a loaded machine
constexpr Milliseconds kFarewell{3000};   // how long a store is kept up after a failure so that all ranks can read why
const char* const kAlarmKey = "titan/alarm";
const char* const kCauseKey = "titan/cause";

std::string status_key(int rank) { return "titan/status/" + std::to_string(rank); }
std::string left_key(int rank) { return "titan/left/" + std::to_string(rank); }

std::string encode(const RankStatus& status) { return (status.in_operation ? "+" : "-") + status.text; }
RankStatus decode(const std::string& text) { return {text[0] == '+', text.substr(1), {}}; }

std::string missing_text(const std::vector<int>& ranks, const std::string& one, const std::string& many) {
  const bool single = ranks.size() == 1;
  return rank_list(ranks) + (single ? " is missing: it " + one : " are missing: they " + many);
}

/// Where every rank answered: those outside any operation keep the others waiting.
std::string explain_all_alive(const std::vector<int>& members, const Statuses& statuses) {
  const auto outside = [&](const std::vector<int>& ranks) {
    std::string text;
    for (int rank : ranks)
      if (!statuses.at(rank).in_operation)
        text += (text.empty() ? "" : "; ") + rank_list({rank}) + " is missing: it is " + statuses.at(rank).text;
    return text;
  };
  std::vector<int> all;
  for (const auto& [rank, status] : statuses) all.push_back(rank);
  std::string text = outside(members);
  if (text.empty()) text = outside(all);
  if (!text.empty()) return text;
  text = "every rank waits, in operations that do not fit together";
  for (int rank : members) text += "; " + rank_list({rank}) + " is " + statuses.at(rank).text;
  return text;
}

}  // namespace

struct FailureMonitor::State {
  struct Request {
    std::string cause;  // empty: to be found out
    Incident incident;
    Clock::time_point deadline;
  };

  std::unique_ptr<RendezvousStore> store;
  platform::World world;
  bool rank_0_serves = false;

  std::mutex callback_mutex;  // held while a callback runs; locked before `mutex`
  Callbacks callbacks;        // emptied when the owner leaves

  std::mutex mutex;
  std::condition_variable changed;
  std::optional<std::string> cause;
  std::optional<Request> request;
  std::optional<Clock::time_point> leave_until;
  bool ended = false;

  bool alarmed = false;  // the thread's own
  std::thread thread;

  void run();
  void watch();
  void look();
  void serve(const Request& wish);
  std::string find_cause(const Request& wish);
  void answer();
  void adopt(const std::string& text);
  void say_goodbye();
  bool others_left(bool failed);
  std::string submit(Request wish, Milliseconds limit, const std::string& otherwise);
};

FailureMonitor::FailureMonitor(std::unique_ptr<RendezvousStore> store, const platform::World& world, bool rank_0_serves,
                               Callbacks callbacks)
    : state_(std::make_shared<State>()) {
  state_->store = std::move(store);
  state_->world = world;
  state_->rank_0_serves = rank_0_serves;
  state_->callbacks = std::move(callbacks);
  state_->thread = std::thread([state = state_] { state->run(); });
}

FailureMonitor::~FailureMonitor() {
  if (state_->thread.joinable()) leave(kFarewell);
}

std::optional<std::string> FailureMonitor::cause() const {
  std::lock_guard lock(state_->mutex);
  return state_->cause;
}

std::string FailureMonitor::report(const std::string& cause, Milliseconds limit) {
  return state_->submit({cause, {}, Clock::now() + limit}, limit, cause);
}

std::string FailureMonitor::diagnose(const Incident& incident, Milliseconds limit) {
  const bool lost_store = state_->rank_0_serves && state_->world.rank != 0;
  const std::string otherwise = rank_list({lost_store ? 0 : incident.suspect}) + " is missing: " +
                                (lost_store ? "the rendezvous store that it serves does not answer"
                                            : "its message did not come, and the rendezvous store does not answer");
  return state_->submit({"", incident, Clock::now() + limit * 4 / 5}, limit, otherwise);
}

void FailureMonitor::leave(Milliseconds limit) {
  const bool serves = state_->rank_0_serves && state_->world.rank == 0;
  {
    std::unique_lock lock(state_->mutex);
    state_->leave_until = Clock::now() + (serves ? limit : Milliseconds(0));
    state_->changed.notify_all();
    state_->changed.wait_until(lock, *state_->leave_until + Milliseconds(500), [&] { return state_->ended; });
    if (!state_->ended) state_->thread.detach();
  }
  {
    std::lock_guard lock(state_->callback_mutex);
    state_->callbacks = {};
  }
  if (state_->thread.joinable()) state_->thread.join();
}

/// Hands a request to the thread and waits for the outcome; `otherwise` holds if the store does not answer in time.
std::string FailureMonitor::State::submit(Request wish, Milliseconds limit, const std::string& otherwise) {
  {
    std::unique_lock lock(mutex);
    if (!cause) {
      if (!request) request = std::move(wish);
      changed.notify_all();
      changed.wait_for(lock, limit, [&] { return cause.has_value() || ended; });
    }
    if (cause) return *cause;
  }
  adopt(otherwise);
  return otherwise;
}

void FailureMonitor::State::run() {
  try {
    watch();
    say_goodbye();
  } catch (const CommError& error) {
    adopt(rank_0_serves && world.rank != 0 ? rank_list({0}) + " is missing: " + error.what() : error.what());
  }
  std::lock_guard lock(mutex);
  ended = true;
  changed.notify_all();
}

void FailureMonitor::State::watch() {
  for (;;) {
    std::optional<Request> wish;
    {
      std::unique_lock lock(mutex);
      if (!cause) {
        changed.wait_for(lock, alarmed ? kAlarmInterval : kQuietInterval, [&] { return request || leave_until; });
        wish = std::exchange(request, std::nullopt);
      } else {
        changed.wait(lock, [&] { return leave_until.has_value(); });
      }
      if (leave_until && !wish) return;
    }
    if (wish) {
      serve(*wish);
    } else {
      look();
    }
  }
}

void FailureMonitor::State::look() {
  if (!alarmed && !store->find(kAlarmKey)) return;
  answer();
  if (const auto text = store->find(kCauseKey)) adopt(*text);
}

void FailureMonitor::State::serve(const Request& wish) {
  store->expect_loss();
  const std::string text = wish.cause.empty() ? find_cause(wish) : wish.cause;
  const std::string agreed = store->set_if_absent(kCauseKey, text);
  store->set(kAlarmKey, "1");
  answer();
  adopt(agreed);
}

std::string FailureMonitor::State::find_cause(const Request& wish) {
  const auto started = Clock::now();
  store->set(kAlarmKey, "1");
  answer();
  const std::vector<int>& members = wish.incident.members;
  Statuses statuses;
  std::vector<int> ended_ranks;
  std::vector<int> silent(static_cast<size_t>(world.size));
  std::iota(silent.begin(), silent.end(), 0);
  for (;;) {
    if (const auto text = store->find(kCauseKey)) return *text;
    std::erase_if(silent, [&](int rank) {
      const bool is_member = std::find(members.begin(), members.end(), rank) != members.end();
      if (store->find(left_key(rank))) {
        if (is_member) ended_ranks.push_back(rank);
        return true;
      }
      const auto text = store->find(status_key(rank));
      if (text) statuses[rank] = decode(*text);
      return text.has_value();
    });
    if (silent.empty() || !ended_ranks.empty() || Clock::now() >= wish.deadline) break;
    const bool only_closed = !wish.incident.timed_out && silent == std::vector<int>{wish.incident.suspect};
    if (only_closed && Clock::now() - started > kAnswerTime) break;
    std::this_thread::sleep_for(kAlarmInterval);
  }
  if (!ended_ranks.empty()) return missing_text(ended_ranks, "has ended", "have ended");
  if (!silent.empty()) return missing_text(silent, "does not answer", "do not answer");
  return explain_all_alive(members, statuses);
}

void FailureMonitor::State::answer() {
  if (std::exchange(alarmed, true)) return;
  RankStatus status;
  {
    std::lock_guard lock(callback_mutex);
    if (callbacks.status) status = callbacks.status();
  }
  store->set(status_key(world.rank), encode(status));
}

void FailureMonitor::State::adopt(const std::string& text) {
  std::lock_guard callback_lock(callback_mutex);
  {
    std::lock_guard lock(mutex);
    if (cause) return;
    cause = text;
    changed.notify_all();
  }
  if (callbacks.on_failure) callbacks.on_failure(text);
}

/// A rank that serves the store keeps it up until the others are done with it.
void FailureMonitor::State::say_goodbye() {
  store->set(left_key(world.rank), "1");
  if (!rank_0_serves || world.rank != 0) return;
  Clock::time_point until;
  bool failed;
  {
    std::lock_guard lock(mutex);
    until = *leave_until;
    failed = cause.has_value();
  }
  const Clock::time_point started = Clock::now();
  if (failed) until = std::min(until, started + kFarewell);
  while (Clock::now() < until) {
    const bool all_could_answer = !failed || Clock::now() - started > kAnswerTime;
    if (all_could_answer && others_left(failed)) return;
    std::this_thread::sleep_for(kAlarmInterval);
  }
}

/// After a failure only those are waited for that showed themselves alive.
bool FailureMonitor::State::others_left(bool failed) {
  for (int rank = 1; rank < world.size; ++rank) {
    if (store->find(left_key(rank))) continue;
    if (!failed || store->find(status_key(rank))) return false;
  }
  return true;
}

std::string abort_cause(int rank, const std::string& reason) { return rank_list({rank}) + " failed: " + reason; }

void publish_failure(RendezvousStore& store, const std::string& cause) {
  store.set_if_absent(kCauseKey, cause);
  store.set(kAlarmKey, "1");
}

}  // namespace titan::comm
