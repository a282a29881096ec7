#include "tests/fuzz/estimate_input.h"

#include <stdexcept>
#include <string>

#include "estimator/report/assertion.h"
#include "estimator/report/diff.h"
#include "estimator/report/html.h"
#include "estimator/report/json.h"
#include "estimator/report/table.h"
#include "estimator/report/what_if.h"
#include "runtime/config/config_error.h"

namespace titan::fuzz {
namespace {

/// Runs `read`. False: it refused the input.
template <class Read>
bool accepted(Read read) {
  try {
    read();
    return true;
  } catch (const config::ConfigError& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) {
      throw std::logic_error("an error of several lines: " + std::string(error.what()));
    }
    return false;
  }
}

void try_reports(const estimator::Estimate& estimate) {
  const std::string json = estimator::to_json(estimate);
  if (estimator::to_json(estimator::from_json(json, "again.json")) != json) {
    throw std::logic_error("an estimate reads back as another one");
  }
  estimator::table(estimate);
  estimator::html(estimate);
  const estimator::Diff diff = estimator::diff(estimate, estimate);
  if (!estimator::same_within(diff, 0.0) || diff.time.change() != 0 || !diff.settings.empty()) {
    throw std::logic_error("an estimate differs from itself");
  }
  estimator::diff_text(diff, "a", "b");
}

}  // namespace

void try_estimate(std::string_view input) {
  if (!input.starts_with("{")) {
    accepted([&] { estimator::parse_assertion(input); });
    accepted([&] { estimator::combinations({estimator::parse_what_if(input)}); });
    return;
  }
  estimator::Estimate estimate;
  if (accepted([&] { estimate = estimator::from_json(input, "fuzz.json"); })) try_reports(estimate);
}

}  // namespace titan::fuzz
