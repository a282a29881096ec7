#include "runtime/recompute/pareto_svg.h"

#include <cstdio>
#include <sstream>

namespace titan::recompute {
namespace {

constexpr int kNumSteps = 20;  // of 0.05, as the reference draws
constexpr double kLeft = 70, kTop = 50, kWidth = 520, kHeight = 300;

double x_of(double budget) { return kLeft + kWidth * budget; }
double y_of(double recomputed) { return kTop + kHeight * (1.0 - recomputed); }

std::string number(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

struct Sample {
  double budget = 0.0;
  double recomputed = 0.0;  // share of the most
  int64_t kept_bytes = 0;
};

// Budget 1 is no checkpointing at all: nothing runs again.
Sample sample_at(const ParetoPlot& plot, double budget) {
  if (budget >= 1.0) return {.budget = 1.0, .recomputed = 0.0, .kept_bytes = plot.full_bytes};
  const auto& point = choose_within(plot.frontier, static_cast<int64_t>(budget * static_cast<double>(plot.full_bytes)));
  const double most = plot.frontier.front().recomputed_cost;
  return {
      .budget = budget, .recomputed = most > 0.0 ? point.recomputed_cost / most : 0.0, .kept_bytes = point.kept_bytes};
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

void draw_axes(std::ostream& out) {
  for (int tick = 0; tick <= 5; ++tick) {
    const double share = tick / 5.0;
    out << "<line class='grid' x1='" << x_of(share) << "' y1='" << kTop << "' x2='" << x_of(share) << "' y2='"
        << kTop + kHeight << "'/><text x='" << x_of(share) << "' y='" << kTop + kHeight + 18
        << "' text-anchor='middle'>" << number(share, 1) << "</text>\n"
        << "<line class='grid' x1='" << kLeft << "' y1='" << y_of(share) << "' x2='" << kLeft + kWidth << "' y2='"
        << y_of(share) << "'/><text x='" << kLeft - 8 << "' y='" << y_of(share) + 4 << "' text-anchor='end'>"
        << number(100.0 * share, 0) << " %</text>\n";
  }
  out << "<text x='" << kLeft + kWidth / 2 << "' y='" << kTop + kHeight + 40
      << "' text-anchor='middle'>memory budget: share of the activations kept without checkpointing</text>\n"
      << "<text transform='translate(18 " << kTop + kHeight / 2
      << ") rotate(-90)' text-anchor='middle'>recomputed, share of the operators' cost</text>\n";
}

void draw_curve(std::ostream& out, const ParetoPlot& plot) {
  std::ostringstream line, dots;
  for (int step = 0; step <= kNumSteps; ++step) {
    const Sample one = sample_at(plot, static_cast<double>(step) / kNumSteps);
    line << (step == 0 ? "M" : "H") << x_of(one.budget) << (step == 0 ? " " : "V") << y_of(one.recomputed);
    dots << "<circle cx='" << x_of(one.budget) << "' cy='" << y_of(one.recomputed) << "' r='3'><title>budget "
         << number(one.budget, 2) << ": keeps " << number(static_cast<double>(one.kept_bytes) / 1048576.0, 2)
         << " MiB, recomputes " << number(100.0 * one.recomputed, 1) << " %</title></circle>\n";
  }
  out << "<path class='curve' d='" << line.str() << "'/>\n" << dots.str();
}

void draw_choice(std::ostream& out, const ParetoPlot& plot) {
  const Sample one = sample_at(plot, plot.budget);
  out << "<circle class='choice' cx='" << x_of(one.budget) << "' cy='" << y_of(one.recomputed) << "' r='7'/>\n"
      << "<text x='" << kLeft + kWidth << "' y='" << kTop - 8 << "' text-anchor='end'>budget " << number(plot.budget, 2)
      << ": keeps " << number(static_cast<double>(one.kept_bytes) / 1048576.0, 2) << " of "
      << number(static_cast<double>(plot.full_bytes) / 1048576.0, 2) << " MiB, recomputes "
      << number(100.0 * one.recomputed, 0) << " %</text>\n";
}

}  // namespace

std::string pareto_svg(const ParetoPlot& plot) {
  std::ostringstream out;
  out << "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 640 410' font-family='sans-serif' font-size='12'>\n"
      << "<style>.grid{stroke:#ddd}.curve{fill:none;stroke:#2563eb;stroke-width:2}circle{fill:#2563eb}"
      << ".choice{fill:none;stroke:#dc2626;stroke-width:2}</style>\n"
      << "<rect width='640' height='410' fill='white'/>\n"
      << "<text x='" << kLeft << "' y='22' font-size='15' font-weight='bold'>" << escaped(plot.title) << "</text>\n";
  draw_axes(out);
  draw_curve(out, plot);
  draw_choice(out, plot);
  out << "</svg>\n";
  return out.str();
}

}  // namespace titan::recompute
