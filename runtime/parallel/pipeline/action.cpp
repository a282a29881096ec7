#include "runtime/parallel/pipeline/action.h"

#include <array>
#include <charconv>
#include <utility>

namespace titan::pipeline {
namespace {

constexpr std::array<std::pair<ActionKind, std::string_view>, 12> kNames = {{
    {ActionKind::kForward, "F"},
    {ActionKind::kBackward, "B"},
    {ActionKind::kBackwardInput, "I"},
    {ActionKind::kBackwardWeight, "W"},
    {ActionKind::kOverlap, "OVERLAP_F_B"},
    {ActionKind::kUnshard, "UNSHARD"},
    {ActionKind::kReshard, "RESHARD"},
    {ActionKind::kReduceGrad, "REDUCE_GRAD"},
    {ActionKind::kSendForward, "SEND_F"},
    {ActionKind::kRecvForward, "RECV_F"},
    {ActionKind::kSendBackward, "SEND_B"},
    {ActionKind::kRecvBackward, "RECV_B"},
}};

std::string_view name_of(ActionKind kind) { return kNames[static_cast<size_t>(kind)].second; }

std::optional<ActionKind> kind_named(std::string_view name) {
  for (const auto& [kind, text] : kNames) {
    if (text == name) return kind;
  }
  return std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r";
  const size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

// All of `text` must be one index.
std::optional<int> read_index(std::string_view text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > kLargestIndex) return std::nullopt;
  return value;
}

std::optional<Action> parse_single(std::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  size_t name_end = text.size();
  while (name_end > digits && is_digit(text[name_end - 1])) --name_end;
  const auto stage = read_index(text.substr(0, digits));
  const auto kind = kind_named(text.substr(digits, name_end - digits));
  if (!stage || !kind || *kind == ActionKind::kOverlap) return std::nullopt;
  const std::string_view rest = text.substr(name_end);
  if (is_sharding(*kind)) return rest.empty() ? std::optional<Action>({*stage, *kind}) : std::nullopt;
  const auto microbatch = read_index(rest);
  return microbatch ? std::optional<Action>({*stage, *kind, *microbatch}) : std::nullopt;
}

std::optional<Action> parse_overlap(std::string_view text) {
  const size_t close = text.find(')');
  const size_t middle = text.find(';');
  if (close == std::string_view::npos || middle > close) return std::nullopt;
  if (kind_named(trimmed(text.substr(close + 1))) != ActionKind::kOverlap) return std::nullopt;
  const auto forward = parse_single(trimmed(text.substr(1, middle - 1)));
  const auto backward = parse_single(trimmed(text.substr(middle + 1, close - middle - 1)));
  if (!forward || !backward || forward->stage == backward->stage) return std::nullopt;
  if (forward->kind != ActionKind::kForward || !gives_input_gradient(backward->kind)) return std::nullopt;
  return Action{-1, ActionKind::kOverlap, -1, {*forward, *backward}};
}

}  // namespace

bool is_computation(ActionKind kind) { return kind <= ActionKind::kOverlap; }
bool is_transfer(ActionKind kind) { return kind >= ActionKind::kSendForward; }
bool is_sharding(ActionKind kind) { return !is_computation(kind) && !is_transfer(kind); }

bool gives_input_gradient(ActionKind kind) {
  return kind == ActionKind::kBackward || kind == ActionKind::kBackwardInput;
}

bool gives_weight_gradient(ActionKind kind) {
  return kind == ActionKind::kBackward || kind == ActionKind::kBackwardWeight;
}

std::span<const Action> parts_of(const Action& action) {
  return action.kind == ActionKind::kOverlap ? std::span(action.parts) : std::span(&action, 1);
}

std::string to_string(const Action& action) {
  std::string text;
  if (action.kind == ActionKind::kOverlap) {
    for (const Action& part : action.parts) text += (text.empty() ? "(" : ";") + to_string(part);
    return text + ")" + std::string(name_of(action.kind));
  }
  text = std::to_string(action.stage) + std::string(name_of(action.kind));
  return action.microbatch < 0 ? text : text + std::to_string(action.microbatch);
}

std::optional<Action> parse_action(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return std::nullopt;
  return text.front() == '(' ? parse_overlap(text) : parse_single(text);
}

}  // namespace titan::pipeline
