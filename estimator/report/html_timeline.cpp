#include <algorithm>
#include <map>

#include "estimator/report/html_charts.h"
#include "estimator/report/quantity_text.h"

namespace titan::estimator {
namespace {

constexpr double kLaneWidth = 10000.0;       // of a lane's own coordinates
constexpr double kNarrowest = 1.0 / 1000.0;  // of the step: what a wide screen can show
constexpr int kRowHeight = 20;
constexpr int kMostRows = 3;

/// A span as it is drawn: several narrow neighbours may have become one.
struct Drawn {
  Span span;
  int row = 0;
  int64_t count = 1;
  std::map<std::string, double> seconds_by_kind = {};  // of those joined
};

double end_of(const std::vector<Lane>& lanes) {
  double end = 1e-12;
  for (const Lane& lane : lanes) {
    for (const Span& span : lane.spans) end = std::max(end, span.end_s);
  }
  return end;
}

/// Puts spans that lie within others below them, at most kMostRows deep.
std::vector<Drawn> in_rows(const Lane& lane) {
  std::vector<Drawn> drawn;
  for (const Span& span : lane.spans) drawn.push_back({.span = span});
  std::stable_sort(drawn.begin(), drawn.end(), [](const Drawn& a, const Drawn& b) {
    return a.span.begin_s != b.span.begin_s ? a.span.begin_s < b.span.begin_s : a.span.end_s > b.span.end_s;
  });
  std::vector<double> open_ends;
  for (Drawn& item : drawn) {
    const double tolerance = 1e-9 * (item.span.end_s - item.span.begin_s);
    while (!open_ends.empty() && open_ends.back() <= item.span.begin_s + tolerance) open_ends.pop_back();
    item.row = std::min(static_cast<int>(open_ends.size()), kMostRows - 1);
    open_ends.push_back(item.span.end_s);
  }
  return drawn;
}

double length(const Span& span) { return span.end_s - span.begin_s; }

/// Says whether `item` is drawn as one with `before`, its neighbour to the left: both too narrow to see, and of one
/// kind or still too narrow together.
bool joins(const Drawn& before, const Drawn& item, double narrowest) {
  if (length(item.span) >= narrowest || item.span.begin_s - before.span.end_s >= narrowest) return false;
  if (length(before.span) < narrowest) return true;
  return before.count > 1 && before.seconds_by_kind.size() == 1 && before.span.kind == item.span.kind;
}

void join(Drawn& before, const Drawn& item) {
  before.seconds_by_kind[before.span.kind] += before.count == 1 ? length(before.span) : 0.0;
  before.seconds_by_kind[item.span.kind] += length(item.span);
  before.span.end_s = std::max(before.span.end_s, item.span.end_s);
  ++before.count;
}

/// Joins neighbours that are too narrow to see, and gives them the kind that most of their time is.
std::vector<Drawn> thinned(const std::vector<Drawn>& drawn, double narrowest) {
  std::vector<Drawn> kept;
  std::map<int, size_t> last;  // per row: its latest in `kept`
  for (const Drawn& item : drawn) {
    const auto found = last.find(item.row);
    if (found != last.end() && joins(kept[found->second], item, narrowest)) {
      join(kept[found->second], item);
    } else {
      last[item.row] = kept.size();
      kept.push_back(item);
    }
  }
  for (Drawn& item : kept) {
    const auto most = std::max_element(item.seconds_by_kind.begin(), item.seconds_by_kind.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most != item.seconds_by_kind.end()) item.span.kind = most->first;
  }
  return kept;
}

std::string kind_class(const std::string& kind) {
  for (const char* known : {"matmul", "attention", "memory", "tiny", "communication", "scope", "host"}) {
    if (kind == known) return "k-" + kind;
  }
  return "k-other";
}

std::string rectangle(const Drawn& drawn, double end_s) {
  const Span& span = drawn.span;
  const double x = kLaneWidth * span.begin_s / end_s;
  const double width = std::max(kLaneWidth * kNarrowest * 0.5, kLaneWidth * (span.end_s - span.begin_s) / end_s);
  const std::string name =
      drawn.count == 1 ? span.name
                       : std::to_string(drawn.count) + " operations, mostly " + span.kind + ", first " + span.name;
  return "<rect class=\"" + kind_class(span.kind) + "\" x=\"" + plain_number(x, 1) + "\" y=\"" +
         std::to_string(drawn.row * kRowHeight + 1) + "\" width=\"" + plain_number(width, 1) + "\" height=\"" +
         std::to_string(kRowHeight - 2) + "\"><title>" + escaped(name) + "\n" +
         escaped(seconds_text(span.end_s - span.begin_s) + " from " + seconds_text(span.begin_s)) + "</title></rect>";
}

std::string lane_svg(const Lane& lane, double end_s) {
  const std::vector<Drawn> drawn = thinned(in_rows(lane), kNarrowest * end_s);
  int rows = 1;
  for (const Drawn& item : drawn) rows = std::max(rows, item.row + 1);
  const std::string height = std::to_string(rows * kRowHeight);
  std::string svg = "<div class=\"lane\"><span>" + escaped(lane.name) + "</span><svg viewBox=\"0 0 10000 " + height +
                    "\" preserveAspectRatio=\"none\" style=\"height:" + height + "px\">";
  for (const Drawn& item : drawn) svg += rectangle(item, end_s);
  return svg + "</svg></div>\n";
}

std::string kinds_legend(const std::vector<Lane>& lanes) {
  std::map<std::string, bool> seen;
  for (const Lane& lane : lanes) {
    for (const Span& span : lane.spans) seen[span.kind] = true;
  }
  std::string list = "<ul class=\"legend\">";
  for (const auto& [kind, ignored] : seen)
    list += "<li><i class=\"" + kind_class(kind) + "\"></i>" + escaped(kind) + "</li>";
  return list + "</ul>\n";
}

}  // namespace

std::string timeline_chart(const Estimate& estimate) {
  const double end_s = end_of(estimate.timeline);
  std::string out = kinds_legend(estimate.timeline) + "<div class=\"timeline\">\n";
  for (const Lane& lane : estimate.timeline) out += lane_svg(lane, end_s);
  out += "<div class=\"lane axis\"><span></span><div>";
  for (const double seconds : ticks(end_s, 5)) {
    out += "<span class=\"xtick\" style=\"left:" + plain_number(100.0 * seconds / end_s, 3) + "%\">" +
           (seconds == 0.0 ? "0" : plain_number(seconds, 9)) + "</span>";
  }
  return out + "</div></div>\n<span class=\"xunit\">seconds since the step began</span></div>\n";
}

}  // namespace titan::estimator
