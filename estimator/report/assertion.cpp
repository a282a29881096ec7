#include "estimator/report/assertion.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "estimator/report/quantity_text.h"
#include "estimator/report/text_layout.h"
#include "runtime/config/check.h"
#include "runtime/config/config_error.h"
#include "runtime/config/nearest.h"
#include "runtime/config/number_text.h"
#include "runtime/config/value.h"
#include "runtime/metrics/number_text.h"

namespace titan::estimator {
namespace {

enum class Dimension { flag, bytes, time, rate, percent };

struct Quantity {
  std::string_view name;
  Dimension dimension;
  double (*of)(const Estimate&);
};

constexpr std::array kQuantities = {
    Quantity{"memory", Dimension::bytes,
             [](const Estimate& e) { return static_cast<double>(fullest(e).device_used_bytes); }},
    Quantity{"reserved", Dimension::bytes,
             [](const Estimate& e) { return static_cast<double>(fullest(e).peak_reserved_bytes); }},
    Quantity{"reserved_high", Dimension::bytes, [](const Estimate& e) { return e.peak_reserved_interval.high; }},
    Quantity{"allocated", Dimension::bytes,
             [](const Estimate& e) { return static_cast<double>(fullest(e).peak_allocated_bytes); }},
    Quantity{"host_memory", Dimension::bytes,
             [](const Estimate& e) { return static_cast<double>(fullest(e).peak_host_bytes); }},
    Quantity{"tokens_per_second", Dimension::rate, [](const Estimate& e) { return e.tokens_per_second_per_gpu; }},
    Quantity{"tokens_per_second_low", Dimension::rate, [](const Estimate& e) { return e.tokens_interval.low; }},
    Quantity{"step_time", Dimension::time, [](const Estimate& e) { return e.step_time_s; }},
    Quantity{"mfu", Dimension::percent, [](const Estimate& e) { return e.mfu_percent; }},
    Quantity{"tflops", Dimension::rate, [](const Estimate& e) { return e.tflops_per_gpu; }},
    Quantity{"exposed_communication", Dimension::time, [](const Estimate& e) { return e.time.total_exposed_s(); }},
    Quantity{"bubble", Dimension::time, [](const Estimate& e) { return e.time.bubble_s; }},
    Quantity{"idle", Dimension::time, [](const Estimate& e) { return e.time.idle_s; }},
    Quantity{"measured", Dimension::percent, [](const Estimate& e) { return 100.0 * e.coverage.measured; }},
    Quantity{"fits", Dimension::flag, [](const Estimate& e) { return e.fits ? 1.0 : 0.0; }},
};

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array kByteUnits = {
    Unit{"B", 1.0},  Unit{"KiB", 0x1p10}, Unit{"MiB", 0x1p20}, Unit{"GiB", 0x1p30}, Unit{"TiB", 0x1p40},
    Unit{"KB", 1e3}, Unit{"MB", 1e6},     Unit{"GB", 1e9},     Unit{"TB", 1e12},
};
constexpr std::array kTimeUnits = {Unit{"s", 1.0}, Unit{"ms", 1e-3}, Unit{"us", 1e-6}};

constexpr std::string_view kOperatorLetters = "<>=!~";

[[noreturn]] void fail(std::string_view text, const std::string& message) {
  throw config::ConfigError("--assert", config::in_quotes(text) + " " + message);
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

const Quantity* find_quantity(std::string_view name) {
  const auto found = std::find_if(kQuantities.begin(), kQuantities.end(),
                                  [&](const Quantity& quantity) { return quantity.name == name; });
  return found == kQuantities.end() ? nullptr : &*found;
}

const Quantity& quantity_named(std::string_view text, std::string_view name) {
  if (const Quantity* found = find_quantity(name)) return *found;
  if (name.empty()) {
    fail(text, "must begin with a quantity; allowed: " + joined(assertable_quantities()));
  }
  fail(text, "has no known quantity " + config::in_quotes(name) + "; allowed: " + joined(assertable_quantities()) +
                 config::did_you_mean(name, assertable_quantities()));
}

Assertion::Operator operator_named(std::string_view text, std::string_view name) {
  if (name == "<") return Assertion::Operator::less;
  if (name == "<=") return Assertion::Operator::at_most;
  if (name == ">") return Assertion::Operator::greater;
  if (name == ">=") return Assertion::Operator::at_least;
  fail(text, "must compare with <, <=, > or >=, found " + config::in_quotes(name));
}

bool compare(double value, Assertion::Operator op, double bound) {
  switch (op) {
    case Assertion::Operator::less:
      return value < bound;
    case Assertion::Operator::at_most:
      return value <= bound;
    case Assertion::Operator::greater:
      return value > bound;
    case Assertion::Operator::at_least:
      return value >= bound;
    case Assertion::Operator::holds:
      return value != 0.0;
  }
  return false;
}

std::string units_text(Dimension dimension) {
  switch (dimension) {
    case Dimension::bytes:
      return "B, KiB, MiB, GiB, TiB, KB, MB, GB or TB";
    case Dimension::time:
      return "s, ms, us, or % of the step time";
    case Dimension::percent:
      return "%";
    default:
      return "no unit";
  }
}

template <class Units>
const Unit* find_unit(const Units& units, std::string_view name) {
  const auto found = std::find_if(units.begin(), units.end(), [&](const Unit& unit) { return unit.name == name; });
  return found == units.end() ? nullptr : &*found;
}

/// Sets bound and share_of_step from a number and its unit.
void set_bound(Assertion& assertion, const Quantity& quantity, double number, std::string_view unit) {
  const Unit* found = nullptr;
  bool allowed = unit.empty();
  if (quantity.dimension == Dimension::bytes) {
    found = find_unit(kByteUnits, unit);
    allowed = found != nullptr;
  } else if (quantity.dimension == Dimension::time) {
    found = find_unit(kTimeUnits, unit);
    assertion.share_of_step = unit == "%" && quantity.name != "step_time";
    allowed = found != nullptr || assertion.share_of_step;
  } else if (quantity.dimension == Dimension::percent) {
    allowed = unit == "%" || unit.empty();
  }
  if (!allowed) {
    const std::string units = quantity.name == "step_time" ? "s, ms or us" : units_text(quantity.dimension);
    fail(assertion.text, (unit.empty() ? "lacks a unit" : "has the unit " + config::in_quotes(unit)) + "; " +
                             std::string(quantity.name) + " takes " + units);
  }
  assertion.bound = number * (found == nullptr ? 1.0 : found->factor);
}

void read_bound(Assertion& assertion, const Quantity& quantity, std::string_view bound) {
  // A number's letters, without mistaking the unit for an exponent: no unit begins with e.
  const size_t end = std::min(bound.find_first_not_of("0123456789.,_+-eE"), bound.size());
  const auto number = config::read_number(bound.substr(0, trimmed(bound.substr(0, end)).size()));
  if (!number) {
    fail(assertion.text, "needs a number after the operator, found " + config::in_quotes(bound));
  }
  if (*number < 0.0) fail(assertion.text, "must compare with a number of at least 0");
  set_bound(assertion, quantity, *number, trimmed(bound.substr(end)));
}

std::string shown(const Quantity& quantity, double value) {
  switch (quantity.dimension) {
    case Dimension::bytes:
      return bytes_text(static_cast<int64_t>(value));
    case Dimension::time:
      return seconds_text(value);
    case Dimension::percent:
      return metrics::fixed(value, 2) + " %";
    case Dimension::rate:
      return rate_text(value);
    case Dimension::flag:
      return value != 0.0 ? "fits" : "does not fit";
  }
  return "";
}

}  // namespace

std::vector<std::string> assertable_quantities() {
  std::vector<std::string> names;
  for (const Quantity& quantity : kQuantities) names.emplace_back(quantity.name);
  return names;
}

Assertion parse_assertion(std::string_view text) {
  const std::string_view whole = trimmed(text);
  const size_t op_begin = std::min(whole.find_first_of(kOperatorLetters), whole.size());
  const size_t op_end = std::min(whole.find_first_not_of(kOperatorLetters, op_begin), whole.size());
  const Quantity& quantity = quantity_named(text, trimmed(whole.substr(0, op_begin)));
  Assertion assertion{.text = std::string(whole), .quantity = std::string(quantity.name)};
  if (quantity.dimension == Dimension::flag) {
    if (op_begin != whole.size()) fail(text, "compares 'fits', which is true or false; allowed: fits");
    return assertion;
  }
  if (op_begin == whole.size()) {
    fail(text, "lacks a comparison; write " + std::string(quantity.name) +
                   "<NUMBER, with <, <=, > or >=; unit: " + units_text(quantity.dimension));
  }
  assertion.op = operator_named(text, whole.substr(op_begin, op_end - op_begin));
  read_bound(assertion, quantity, trimmed(whole.substr(op_end)));
  return assertion;
}

Verdict check_assertion(const Assertion& assertion, const Estimate& estimate) {
  const Quantity* quantity = find_quantity(assertion.quantity);
  config::check(quantity != nullptr, "check_assertion: quantity must be assertable: quantity=", assertion.quantity);
  const double value = quantity->of(estimate);
  const double share = estimate.step_time_s > 0.0 ? value / estimate.step_time_s : 0.0;
  const bool holds = compare(assertion.share_of_step ? 100.0 * share : value, assertion.op, assertion.bound);
  std::string found = shown(*quantity, value);
  if (assertion.share_of_step) found += " (" + share_text(share) + " of the step)";
  return {holds, config::one_line(assertion.text) + (holds ? " holds: " : " FAILS: ") + found};
}

}  // namespace titan::estimator
