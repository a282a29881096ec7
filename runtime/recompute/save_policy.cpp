#include "runtime/recompute/save_policy.h"

#include <utility>

namespace titan::recompute {
namespace {

class KeepNothing final : public SavePolicy {
 public:
  bool keeps(const OpCall&, OpCounts&) const override { return false; }
  std::string key() const override { return "full"; }
};

class KeepEveryOtherMatmul final : public SavePolicy {
 public:
  explicit KeepEveryOtherMatmul(std::set<std::array<int64_t, 2>> recomputed) : recomputed_(std::move(recomputed)) {}

  bool keeps(const OpCall& call, OpCounts& counts) const override {
    ++counts.calls;
    if (call.kind != OpKind::matmul) return true;
    if (recomputed_.contains(call.operand_shape)) return false;
    return ++counts.matmuls % 2 == 1;
  }

  std::string key() const override {
    std::string text = "op";
    for (const auto& [in, out] : recomputed_) text += " " + std::to_string(in) + "x" + std::to_string(out);
    return text;
  }

 private:
  std::set<std::array<int64_t, 2>> recomputed_;
};

class KeepChosen final : public SavePolicy {
 public:
  explicit KeepChosen(std::vector<bool> kept) : kept_(std::move(kept)) {}

  bool keeps(const OpCall&, OpCounts& counts) const override {
    const auto index = static_cast<size_t>(counts.calls++);
    return index < kept_.size() && kept_[index];
  }

  std::string key() const override {
    std::string text = "chosen ";
    for (const bool kept : kept_) text += kept ? '1' : '0';
    return text;
  }

 private:
  std::vector<bool> kept_;
};

}  // namespace

std::shared_ptr<const SavePolicy> keep_nothing() { return std::make_shared<KeepNothing>(); }

std::shared_ptr<const SavePolicy> keep_every_other_matmul(std::set<std::array<int64_t, 2>> recomputed_shapes) {
  return std::make_shared<KeepEveryOtherMatmul>(std::move(recomputed_shapes));
}

std::shared_ptr<const SavePolicy> keep_chosen(std::vector<bool> kept) {
  return std::make_shared<KeepChosen>(std::move(kept));
}

}  // namespace titan::recompute
