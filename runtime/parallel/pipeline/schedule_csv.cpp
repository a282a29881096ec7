#include "runtime/parallel/pipeline/schedule_csv.h"

#include <algorithm>
#include <vector>

#include "runtime/config/config_error.h"
#include "runtime/config/find_file.h"
#include "runtime/config/value.h"
#include "runtime/parallel/pipeline/make_schedule.h"
#include "runtime/parallel/pipeline/validate.h"

namespace titan::pipeline {
namespace {

using config::ConfigError;

constexpr const char* kFormat =
    "an action is <stage><kind><microbatch>, e.g. 0F0, of kind F, B, I, W, SEND_F, RECV_F, SEND_B, RECV_B, or "
    "<stage> with UNSHARD, RESHARD, REDUCE_GRAD, or (<forward>;<backward>)OVERLAP_F_B";

class Reader {
 public:
  Reader(std::string_view text, const std::string& name) : text_(text), name_(config::one_line(name)) {}

  Schedule read(const ExpectedSize& expected) {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);  // a byte-order mark, as spreadsheets write
    while (!text_.empty()) read_line(take_line());
    while (!schedule_.ranks.empty() && schedule_.ranks.back().empty()) schedule_.ranks.pop_back();
    if (schedule_.ranks.empty()) throw ConfigError(name_, "holds no action; a schedule has one line per rank");
    for (size_t rank = 0; rank < schedule_.ranks.size(); ++rank) {
      if (schedule_.ranks[rank].empty()) fail(rank, 1, "rank " + std::to_string(rank) + " has no action");
    }
    infer_sizes();
    check_size(expected);
    infer_ranks();
    if (const auto defect = find_defect(schedule_, Transfers::kBatched)) fail_at(*defect);
    return std::move(schedule_);
  }

 private:
  [[noreturn]] void fail(size_t line, size_t column, const std::string& message) const {
    throw ConfigError(name_ + ":" + std::to_string(line + 1) + ":" + std::to_string(column), message);
  }

  [[noreturn]] void fail_at(const Defect& defect) const {
    const auto& columns = columns_[defect.rank];
    const size_t column = defect.position < columns.size() ? columns[defect.position] : columns.back();
    fail(defect.rank, column, to_string(defect));
  }

  std::string_view take_line() {
    const size_t end = std::min(text_.find('\n'), text_.size());
    std::string_view line = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  void read_line(std::string_view line) {
    Actions& actions = schedule_.ranks.emplace_back();
    auto& columns = columns_.emplace_back();
    size_t begin = 0;
    while (begin <= line.size()) {
      const size_t end = std::min(line.find(',', begin), line.size());
      read_cell(line.substr(begin, end - begin), begin + 1, actions, columns);
      begin = end + 1;
    }
  }

  void read_cell(std::string_view cell, size_t column, Actions& actions, std::vector<size_t>& columns) {
    const size_t first = cell.find_first_not_of(" \t");
    if (first == std::string_view::npos) return;
    const auto action = parse_action(cell);
    if (!action)
      fail(schedule_.ranks.size() - 1, column + first, config::in_quotes(cell) + " is no action; " + kFormat);
    schedule_.has_transfers = schedule_.has_transfers || is_transfer(action->kind);
    schedule_.has_sharding = schedule_.has_sharding || is_sharding(action->kind);
    actions.push_back(*action);
    columns.push_back(column + first);
  }

  // The largest numbers decide; that nothing below them is missing is for find_defect to see, if it can be so at all.
  void infer_sizes() {
    int stages = 0;
    int64_t forwards = 0;
    for_each_part([&](size_t, size_t, const Action& part) {
      stages = std::max(stages, part.stage + 1);
      schedule_.num_microbatches = std::max(schedule_.num_microbatches, part.microbatch + 1);
      forwards += part.kind == ActionKind::kForward ? 1 : 0;
    });
    const int64_t needed = int64_t{stages} * schedule_.num_microbatches;
    if (schedule_.num_microbatches == 0) throw ConfigError(name_, "holds no computation");
    if (needed > kMostForwards || needed > 2 * forwards + kRoomForOneMistake) {
      throw ConfigError(name_, "names " + std::to_string(stages) + " stages and " +
                                   std::to_string(schedule_.num_microbatches) + " microbatches, which need " +
                                   std::to_string(needed) + " forwards (at most " + std::to_string(kMostForwards) +
                                   "), found " + std::to_string(forwards));
    }
    schedule_.rank_of_stage.assign(stages, -1);
  }

  void check_size(const ExpectedSize& expected) const {
    const auto check = [this](int wanted, int found, const char* what) {
      if (wanted == 0 || wanted == found) return;
      throw ConfigError(name_, "Schedule has incorrect number of " + std::string(what) + " - expected " +
                                   std::to_string(wanted) + ", actual " + std::to_string(found));
    };
    check(expected.num_ranks, schedule_.num_ranks(), "ranks");
    check(expected.num_stages, schedule_.num_stages(), "stages");
    check(expected.num_microbatches, schedule_.num_microbatches, "microbatches");
  }

  void infer_ranks() {
    for_each_part([this](size_t rank, size_t position, const Action& part) {
      int& owner = schedule_.rank_of_stage[part.stage];
      if (owner == -1) owner = static_cast<int>(rank);
      if (owner == static_cast<int>(rank)) return;
      fail(rank, columns_[rank][position],
           to_string(schedule_.ranks[rank][position]) + ": Stage " + std::to_string(part.stage) +
               " is assigned to both rank " + std::to_string(rank) + " and rank " + std::to_string(owner));
    });
    const auto& owners = schedule_.rank_of_stage;
    const auto orphan = std::find(owners.begin(), owners.end(), -1);
    if (orphan == owners.end()) return;
    throw ConfigError(name_, "no rank has stage " + std::to_string(orphan - owners.begin()) +
                                 ", but there is a stage " + std::to_string(owners.size() - 1));
  }

  template <class Visit>
  void for_each_part(const Visit& visit) const {
    for (size_t rank = 0; rank < schedule_.ranks.size(); ++rank) {
      const Actions& actions = schedule_.ranks[rank];
      for (size_t position = 0; position < actions.size(); ++position) {
        for (const Action& part : parts_of(actions[position])) visit(rank, position, part);
      }
    }
  }

  // A file that lacks some forwards is left to find_defect, which names the first; one that lacks most is none.
  static constexpr int64_t kRoomForOneMistake = 4096;

  std::string_view text_;
  std::string name_;
  Schedule schedule_;
  std::vector<std::vector<size_t>> columns_;  // by rank and position: where the action's cell begins in its line
};

}  // namespace

Schedule parse_schedule_csv(std::string_view text, const std::string& name, const ExpectedSize& expected) {
  return Reader(text, name).read(expected);
}

Schedule read_schedule_csv(const std::filesystem::path& path, const ExpectedSize& expected) {
  const std::string name = path.string();
  return parse_schedule_csv(config::read_file(name, path), name, expected);
}

std::string schedule_csv(const Schedule& schedule) {
  std::string text;
  for (const Actions& actions : schedule.ranks) {
    for (size_t i = 0; i < actions.size(); ++i) text += (i > 0 ? "," : "") + to_string(actions[i]);
    text += "\n";
  }
  return text;
}

}  // namespace titan::pipeline
