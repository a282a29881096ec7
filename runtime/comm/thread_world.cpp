#include "runtime/comm/thread_world.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "runtime/comm/call.h"
#include "runtime/comm/comm_error.h"
#include "runtime/comm/thread_communicator.h"

namespace titan::comm {
namespace {

/// Writes ranks as in "ranks 0-3" or "ranks 0, 2, 5".
std::string text_of(const std::vector<int>& ranks) {
  std::ostringstream out;
  out << (ranks.size() == 1 ? "rank " : "ranks ");
  if (ranks.size() > 2 && ranks.back() - ranks.front() + 1 == static_cast<int>(ranks.size())) {
    out << ranks.front() << '-' << ranks.back();
    return out.str();
  }
  for (size_t i = 0; i < ranks.size(); ++i) out << (i ? ", " : "") << ranks[i];
  return out.str();
}

std::string place_of(const ThreadGroup& group, int64_t sequence) {
  return "\"" + group.name + "\" (" + text_of(group.ranks) + "), operation " + std::to_string(sequence);
}

std::string rank_text(const ThreadGroup& group, int member) { return "rank " + std::to_string(group.ranks[member]); }

std::vector<int> missing_ranks(const ThreadGroup& group, const ThreadOperation& operation) {
  std::vector<int> missing;
  for (size_t m = 0; m < group.ranks.size(); ++m) {
    if (!operation.has(static_cast<int>(m))) missing.push_back(group.ranks[m]);
  }
  return missing;
}

}  // namespace

ThreadWorld::ThreadWorld(int size) : ranks_(size) {}
ThreadWorld::~ThreadWorld() = default;

std::shared_ptr<ThreadWorld> ThreadWorld::create(int size) {
  TORCH_CHECK(size > 0, "ThreadWorld: size must be positive: size=", size);
  return std::shared_ptr<ThreadWorld>(new ThreadWorld(size));
}

std::unique_ptr<Communicator> ThreadWorld::make_communicator(int rank, const std::vector<int>& ranks,
                                                             std::string_view name) {
  check_ranks(ranks, rank, size(), name);
  const auto member = static_cast<int>(std::find(ranks.begin(), ranks.end(), rank) - ranks.begin());
  const std::lock_guard lock(mutex_);
  throw_if_aborted();
  std::vector<std::shared_ptr<ThreadGroup>>& made = groups_[ranks];
  auto group = std::find_if(made.begin(), made.end(), [&](const auto& g) { return !g->joined[member]; });
  if (group == made.end()) {
    auto fresh = std::make_shared<ThreadGroup>();
    fresh->name = name;
    fresh->ranks = ranks;
    fresh->num_issued.resize(ranks.size());
    fresh->joined.resize(ranks.size());
    group = made.insert(made.end(), std::move(fresh));
  }
  if ((*group)->name != name) {
    const auto first = std::find((*group)->joined.begin(), (*group)->joined.end(), true) - (*group)->joined.begin();
    abort_locked(rank, "mismatched communicators of " + text_of(ranks) + ": " +
                           rank_text(**group, static_cast<int>(first)) + " makes \"" + (*group)->name + "\", rank " +
                           std::to_string(rank) + " makes \"" + std::string(name) + "\"");
    throw_if_aborted();
  }
  (*group)->joined[member] = true;
  return std::make_unique<ThreadCommunicator>(shared_from_this(), *group, member);
}

void ThreadWorld::start(int rank) {
  const std::lock_guard lock(mutex_);
  ranks_.at(rank).main_thread = std::this_thread::get_id();
}

void ThreadWorld::finish(int rank) {
  const std::lock_guard lock(mutex_);
  ranks_.at(rank).finished = true;
  for (const Wait* wait : waits_) check_not_finished(*wait);
  check_progress();
}

void ThreadWorld::abort(int rank, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  abort_locked(rank, reason);
}

std::optional<int> ThreadWorld::aborted_by() const {
  const std::lock_guard lock(mutex_);
  return aborted_by_;
}

ThreadWorld::Issued ThreadWorld::issue(ThreadGroup& group, int member, Part&& part) {
  const std::lock_guard lock(mutex_);
  throw_if_aborted();
  const int64_t sequence = group.num_issued[member]++;
  const size_t index = static_cast<size_t>(sequence - group.first_open);
  if (index == group.open.size()) {
    group.open.push_back(std::make_shared<ThreadOperation>(mutex_, pool_, static_cast<int>(group.ranks.size())));
  }
  std::shared_ptr<ThreadOperation> operation = group.open[index];
  check_agreement(group, *operation, member, sequence, part.call);
  operation->add(member, std::move(part));
  if (operation->complete()) {  // operations complete in order: every rank issues in order
    group.open.pop_front();
    ++group.first_open;
  }
  return {std::move(operation), sequence};
}

void ThreadWorld::check_agreement(const ThreadGroup& group, const ThreadOperation& operation, int member,
                                  int64_t sequence, const Call& call) {
  for (int other = 0; other < static_cast<int>(group.ranks.size()); ++other) {
    if (!operation.has(other) || agree(operation.call(other), other, call, member)) continue;
    abort_locked(group.ranks[member], "mismatched collectives on " + place_of(group, sequence) + ": " +
                                          rank_text(group, other) + " called " + operation.call(other).text() + ", " +
                                          rank_text(group, member) + " called " + call.text());
    throw_if_aborted();
  }
}

void ThreadWorld::wait_for_parts(const ThreadGroup& group, ThreadOperation& operation, int member, int64_t sequence) {
  std::unique_lock lock(mutex_);
  throw_if_aborted();
  if (operation.complete()) return;
  const bool on_main_thread = ranks_[group.ranks[member]].main_thread == std::this_thread::get_id();
  const Wait wait{&group, &operation, member, sequence, on_main_thread};
  check_not_finished(wait);
  waits_.push_back(&wait);
  check_progress();
  operation.changed().wait(lock, [&] { return operation.complete() || aborted_by_; });
  waits_.erase(std::find(waits_.begin(), waits_.end(), &wait));
  throw_if_aborted();
}

void ThreadWorld::throw_if_aborted() const {
  if (aborted_by_) throw CommError(reason_);
}

void ThreadWorld::abort_locked(int rank, const std::string& reason) {
  if (aborted_by_) return;
  aborted_by_ = rank;
  reason_ = reason;
  for (const Wait* wait : waits_) wait->operation->changed().notify_all();
}

void ThreadWorld::check_not_finished(const Wait& wait) {
  if (wait.operation->complete()) return;
  for (const int rank : missing_ranks(*wait.group, *wait.operation)) {
    if (!ranks_[rank].finished) continue;
    abort_locked(rank, "rank " + std::to_string(rank) + " finished while " + rank_text(*wait.group, wait.member) +
                           " waits for it on " + place_of(*wait.group, wait.sequence) + ": " +
                           wait.operation->call(wait.member).text());
  }
}

void ThreadWorld::check_progress() {
  const auto num_running = std::count_if(ranks_.begin(), ranks_.end(), [](const RankState& r) { return !r.finished; });
  std::vector<const Wait*> blocked;
  for (const Wait* wait : waits_) {
    if (wait->on_main_thread && !wait->operation->complete()) blocked.push_back(wait);
  }
  if (blocked.empty() || std::ssize(blocked) < num_running) return;
  std::ostringstream text;
  text << "every rank waits for another: ";
  for (const Wait* wait : blocked) {
    text << (wait == blocked.front() ? "" : "; ") << rank_text(*wait->group, wait->member) << " waits for "
         << text_of(missing_ranks(*wait->group, *wait->operation)) << " on " << place_of(*wait->group, wait->sequence)
         << ": " << wait->operation->call(wait->member).text();
  }
  abort_locked(blocked.front()->group->ranks[blocked.front()->member], text.str());
}

}  // namespace titan::comm
