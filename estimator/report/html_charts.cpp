#include "estimator/report/html_charts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "estimator/report/quantity_text.h"
#include "runtime/config/value.h"
#include "runtime/metrics/number_text.h"

namespace titan::estimator {
namespace {

constexpr double kGiB = 0x1p30;
constexpr double kWide = 1000.0, kHigh = 400.0;  // of a chart's own coordinates
constexpr double kHeadroom = 1.1;                // above the highest line
constexpr size_t kNumColours = 8;

std::string percent(double share) { return plain_number(100.0 * share, 3) + "%"; }

int64_t total(const MemorySample& sample) {
  return std::accumulate(sample.bytes.begin(), sample.bytes.end(), int64_t{0});
}

/// Where times and bytes lie in a chart.
struct Scales {
  double begin_s = 0.0, length_s = 1.0;
  double highest = 1.0;  // bytes

  double across(double time_s) const { return (time_s - begin_s) / length_s; }
  double down(double bytes) const { return 1.0 - bytes / highest; }
  std::string point(double time_s, double bytes) const {
    return plain_number(kWide * across(time_s)) + "," + plain_number(kHigh * down(bytes));
  }
};

Scales scales_of(const Estimate& estimate, const RoleMemory& role) {
  const auto& samples = role.curve.samples;
  Scales scales;
  scales.begin_s = samples.front().time_s;
  scales.length_s = std::max(samples.back().time_s - scales.begin_s, 1e-12);
  int64_t highest = std::max<int64_t>({1, estimate.subject.capacity_bytes, role.device_used_bytes});
  for (const MemorySample& sample : samples) highest = std::max(highest, total(sample));
  scales.highest = kHeadroom * static_cast<double>(highest);
  return scales;
}

/// One category's band: along its upper edge and back along its lower one.
std::string band(const MemoryCurve& curve, const std::vector<double>& below, const std::vector<double>& above,
                 const Scales& scales) {
  std::string path = "M";
  for (size_t i = 0; i < above.size(); ++i) path += scales.point(curve.samples[i].time_s, above[i]) + " ";
  for (size_t i = below.size(); i-- > 0;) path += scales.point(curve.samples[i].time_s, below[i]) + " ";
  return path + "Z";
}

std::string bands(const MemoryCurve& curve, const Scales& scales) {
  std::string svg;
  std::vector<double> below(curve.samples.size(), 0.0);
  for (const size_t category : stacking_order(curve)) {
    std::vector<double> above = below;
    for (size_t i = 0; i < above.size(); ++i) above[i] += static_cast<double>(curve.samples[i].bytes[category]);
    svg += "<path class=\"" + category_colour(category) + "\" d=\"" + band(curve, below, above, scales) + "\"/>\n";
    below = std::move(above);
  }
  return svg;
}

std::string horizontal(const char* kind, double bytes, const Scales& scales) {
  const std::string y = plain_number(kHigh * scales.down(bytes));
  return "<line class=\"" + std::string(kind) + "\" x1=\"0\" x2=\"1000\" y1=\"" + y + "\" y2=\"" + y + "\"/>\n";
}

std::string axes(const Scales& scales) {
  std::string labels;
  for (const double gib : ticks(scales.highest / kGiB, 5)) {
    labels += "<span class=\"ytick\" style=\"top:" + percent(scales.down(gib * kGiB)) + "\">" + plain_number(gib, 3) +
              "</span>";
  }
  for (const double seconds : ticks(scales.length_s, 5)) {
    labels += "<span class=\"xtick\" style=\"left:" + percent(seconds / scales.length_s) + "\">" +
              (seconds == 0.0 ? "0" : plain_number(seconds, 9)) + "</span>";
  }
  return labels;
}

std::string grid(const Scales& scales) {
  std::string lines;
  for (const double gib : ticks(scales.highest / kGiB, 5)) lines += horizontal("grid", gib * kGiB, scales);
  return lines;
}

std::string key(const std::string& swatch, const std::string& text) {
  return "<li><i class=\"" + swatch + "\"></i>" + escaped(text) + "</li>";
}

std::string legend(const Estimate& estimate, const RoleMemory& role, const MemorySample& peak) {
  const std::vector<size_t> order = stacking_order(role.curve);
  std::string list = "<ul class=\"legend\">";
  list += key("line capacity", "capacity " + bytes_text(estimate.subject.capacity_bytes));
  list += key("line device", "used on the device " + bytes_text(role.device_used_bytes));
  list += key("dot", "peak " + bytes_text(total(peak)) + " in " + role.peak_where);
  for (auto category = order.rbegin(); category != order.rend(); ++category) {
    list += key(category_colour(*category), role.curve.categories[*category]);
  }
  return list + "</ul>\n";
}

/// What the script needs to say what lies under the pointer.
std::string hover_data(const MemoryCurve& curve, const Scales& scales) {
  nlohmann::json data = {{"begin", scales.begin_s}, {"length", scales.length_s}, {"names", curve.categories}};
  for (const MemorySample& sample : curve.samples) {
    data["times"].push_back(sample.time_s);
    data["bytes"].push_back(sample.bytes);
  }
  std::string text = data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  for (size_t at = 0; (at = text.find('<', at)) != std::string::npos;) text.replace(at, 1, "\\u003c");
  return "<script type=\"application/json\">" + text + "</script>\n";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char letter : config::one_line(text)) {
    switch (letter) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += letter;
    }
  }
  return out;
}

std::string plain_number(double value, int decimals) {
  std::string text = metrics::fixed(value, decimals);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

std::vector<double> ticks(double highest, int wanted) {
  if (!(highest > 0.0) || !std::isfinite(highest)) return {0.0};
  const double rough = highest / wanted;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10.0 * power;
  for (const double factor : {5.0, 2.5, 2.0, 1.0}) {
    if (factor * power >= rough * 0.999) step = factor * power;
  }
  std::vector<double> values;
  for (int i = 0; i * step <= highest * 1.000001; ++i) values.push_back(i * step);
  return values;
}

std::string category_colour(size_t index) { return "c" + std::to_string(index % kNumColours); }

std::string bar_chart(const std::vector<Bar>& bars) {
  std::string stack = "<div class=\"stack\">", rows = "<div class=\"bars\">";
  for (const Bar& bar : bars) {
    const std::string title = escaped(bar.name + ": " + bar.value + ", " + share_text(bar.share));
    stack += "<i class=\"" + bar.colour + "\" style=\"flex-grow:" + plain_number(1000.0 * bar.share, 3) +
             "\" title=\"" + title + "\"></i>";
    rows += "<div class=\"bar\" title=\"" + title + "\"><span>" + escaped(bar.name) + "</span><b><i class=\"" +
            bar.colour + "\" style=\"width:" + percent(std::clamp(bar.share, 0.0, 1.0)) +
            "\"></i></b><span class=\"number\">" + escaped(bar.value) + "</span><span class=\"number share\">" +
            escaped(share_text(bar.share)) + "</span></div>\n";
  }
  return stack + "</div>\n" + rows + "</div>\n";
}

std::vector<size_t> stacking_order(const MemoryCurve& curve) {
  std::vector<int64_t> range(curve.categories.size(), 0);
  for (size_t category = 0; category < range.size(); ++category) {
    int64_t lowest = INT64_MAX, highest = 0;
    for (const MemorySample& sample : curve.samples) {
      lowest = std::min(lowest, sample.bytes[category]);
      highest = std::max(highest, sample.bytes[category]);
    }
    range[category] = highest - std::min(lowest, highest);
  }
  std::vector<size_t> order(range.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return range[a] < range[b]; });
  return order;
}

std::string memory_chart(const Estimate& estimate, const RoleMemory& role) {
  const auto& samples = role.curve.samples;
  const Scales scales = scales_of(estimate, role);
  const MemorySample& peak = *std::max_element(
      samples.begin(), samples.end(), [](const MemorySample& a, const MemorySample& b) { return total(a) < total(b); });
  const auto capacity = static_cast<double>(estimate.subject.capacity_bytes);
  const auto used = static_cast<double>(role.device_used_bytes);
  return legend(estimate, role, peak) + "<div class=\"chart\" id=\"memory\"><span class=\"unit\">GiB</span>" +
         "<div class=\"plot\"><svg viewBox=\"0 0 1000 400\" preserveAspectRatio=\"none\" role=\"img\" "
         "aria-label=\"memory "
         "over one step\">\n" +
         grid(scales) + bands(role.curve, scales) + horizontal("device", used, scales) +
         horizontal("capacity", capacity, scales) + "</svg>\n" + "<span class=\"mark" +
         (used > capacity ? " under" : "") + "\" style=\"left:0;top:" + percent(scales.down(capacity)) +
         "\">capacity</span>" + "<i class=\"peak\" style=\"left:" + percent(scales.across(peak.time_s)) +
         ";top:" + percent(scales.down(static_cast<double>(total(peak)))) + "\"></i>" + axes(scales) +
         "<i class=\"cursor\" hidden></i><div class=\"tip\" hidden></div></div>\n" +
         "<span class=\"xunit\">seconds since the step began</span>" + hover_data(role.curve, scales) + "</div>\n";
}

}  // namespace titan::estimator
