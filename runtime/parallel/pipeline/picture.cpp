#include "runtime/parallel/pipeline/picture.h"

#include <algorithm>
#include <cmath>

#include "runtime/config/check.h"

namespace titan::pipeline {
namespace {

constexpr int kNarrowest = 40;
constexpr int kMostBands = 4;  // more pieces under each other than these are read by nobody
constexpr double kSlack = 1e-9;

double shortest_computation(const Timeline& timeline) {
  double shortest = timeline.length;
  for (const auto& spans : timeline.ranks) {
    for (const Span& span : spans) {
      if (span.end > span.start) shortest = std::min(shortest, span.end - span.start);
    }
  }
  return shortest;
}

char letter_of(ActionKind kind) {
  constexpr const char* kLetters = "FBIW";
  return kLetters[static_cast<size_t>(kind)];
}

/// All rows at full length, one character for each column of time.
class Canvas {
 public:
  Canvas(const Schedule& schedule, const Timeline& timeline, double columns_per_time)
      : schedule_(schedule),
        timeline_(timeline),
        scale_(columns_per_time),
        length_(static_cast<size_t>(std::ceil(timeline.length * scale_ - kSlack))),
        rows_(schedule.rank_of_stage.size(), std::string(length_, '.')) {
    for (int rank = 0; rank < schedule.num_ranks(); ++rank) draw_rank(rank);
  }

  size_t length() const { return length_; }
  const std::string& row(int stage) const { return rows_[stage]; }

 private:
  size_t column(double time) const {
    return std::min(length_, static_cast<size_t>(std::floor(time * scale_ + kSlack)));
  }

  void draw_rank(int rank) {
    const auto stages = stages_of_rank(schedule_.rank_of_stage, rank);
    for (size_t i = 0; i < schedule_.ranks[rank].size(); ++i) {
      const Action& action = schedule_.ranks[rank][i];
      const Span& span = timeline_.ranks[rank][i];
      if (!is_computation(action.kind)) continue;
      const size_t begin = column(span.start);
      const size_t end = std::max(column(span.end), std::min(begin + 1, length_));
      for (const int stage : stages) std::fill(rows_[stage].begin() + begin, rows_[stage].begin() + end, ' ');
      draw_parts(action, begin, end);
    }
  }

  // The parts of an overlap lie under each other, in the rows of their stages.
  void draw_parts(const Action& action, size_t begin, size_t end) {
    for (const Action& part : parts_of(action)) {
      std::string label = letter_of(part.kind) + std::to_string(part.microbatch);
      if (label.size() > end - begin) label.resize(1);  // a number cut short would be another
      label.resize(end - begin, '-');
      rows_[part.stage].replace(begin, end - begin, label);
    }
  }

  const Schedule& schedule_;
  const Timeline& timeline_;
  double scale_;
  size_t length_;
  std::vector<std::string> rows_;
};

class Picture {
 public:
  Picture(const Schedule& schedule, const Timeline& timeline, int width) : schedule_(schedule), timeline_(timeline) {
    label_width_ = label(schedule.num_ranks() - 1, schedule.num_stages() - 1).size();
    room_ = static_cast<size_t>(width) - label_width_;
  }

  std::string text() const {
    const Canvas canvas(schedule_, timeline_, scale());
    std::string text;
    for (size_t begin = 0; begin < canvas.length(); begin += room_) {
      if (begin > 0) text += "\n";
      band(canvas, begin, text);
    }
    return text;
  }

 private:
  std::string label(int rank, int stage) const {
    return "rank " + std::to_string(rank) + " stage " + std::to_string(stage) + "  ";
  }

  // As wide as the labels need it, or one column for the shortest action, or whatever fits.
  double scale() const {
    const double shortest = shortest_computation(timeline_);
    const auto label_columns = static_cast<double>(1 + std::to_string(schedule_.num_microbatches - 1).size());
    for (const double columns : {label_columns, 1.0}) {
      if (timeline_.length / shortest * columns <= static_cast<double>(kMostBands * room_)) return columns / shortest;
    }
    return static_cast<double>(room_) / timeline_.length;
  }

  void band(const Canvas& canvas, size_t begin, std::string& text) const {
    for (int rank = 0; rank < schedule_.num_ranks(); ++rank) {
      bool first = true;
      for (const int stage : stages_of_rank(schedule_.rank_of_stage, rank)) {
        std::string head = first ? label(rank, stage) : "stage " + std::to_string(stage) + "  ";
        head.insert(first ? head.find(" stage") : 0, label_width_ - head.size(), ' ');
        std::string line = head + canvas.row(stage).substr(begin, room_);
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
        first = false;
      }
    }
  }

  const Schedule& schedule_;
  const Timeline& timeline_;
  size_t label_width_;
  size_t room_;
};

}  // namespace

std::string draw(const Schedule& schedule, const Timeline& timeline, int width) {
  config::check(width >= kNarrowest, "draw: needs at least ", kNarrowest, " columns: width=", width);
  return Picture(schedule, timeline, width).text();
}

}  // namespace titan::pipeline
