#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "estimator/report/estimate.h"

// Pieces of the HTML report. Charts are SVG stretched to the page's width, with their labels as HTML text beside or
// over them, so that text keeps its size on every screen.

namespace titan::estimator {

/// Replaces what HTML gives a meaning; control bytes are escaped as in messages.
std::string escaped(std::string_view text);

/// Writes a number for an SVG attribute or a CSS length: at most `decimals`, no trailing zeros.
std::string plain_number(double value, int decimals = 2);

/// Values at which an axis from 0 to `highest` is labelled: about `wanted` round ones.
std::vector<double> ticks(double highest, int wanted);

/// One bar of a breakdown.
struct Bar {
  std::string name;
  std::string value;
  double share = 0.0;
  std::string colour;  // a CSS class of html_style.cpp: "k-matmul", "c0"
};

/// The bars as one stacked bar and a list under it.
std::string bar_chart(const std::vector<Bar>& bars);

/// Gives a class of its own colour to the category number `index`.
std::string category_colour(size_t index);

/// Allocated memory of `role` over a step, stacked by category, with the capacity and the peak. Needs a curve.
std::string memory_chart(const Estimate& estimate, const RoleMemory& role);

/// The lanes of one step. Neighbours too narrow to see are drawn as one.
std::string timeline_chart(const Estimate& estimate);

/// Categories of a curve from the steadiest to the one that changes most: the order in which they are stacked.
std::vector<size_t> stacking_order(const MemoryCurve& curve);

/// The style sheet and the script of the page.
extern const char* const kStyle;
extern const char* const kScript;

}  // namespace titan::estimator
