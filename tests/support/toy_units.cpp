#include "tests/support/toy_units.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/tanh.h>

#include <algorithm>
#include <functional>

#include "runtime/ops/linear.h"
#include "runtime/parallel/fsdp/fsdp_unit.h"

namespace titan::test {
namespace {

class Embedding : public unit::Unit {
 public:
  explicit Embedding(const ToySizes& sizes)
      : Unit("embed"), weight_(add_parameter("weight", {sizes.num_words, sizes.dim}, {})) {}
  unit::Tuple forward(const unit::Tuple& inputs) override { return {at::embedding(weight_.value, inputs[0])}; }
  std::string type() const override { return "toy_embedding"; }

 private:
  nn::Parameter& weight_;
};

class Block : public unit::Unit {
 public:
  Block(const ToySizes& sizes, int index)
      : Unit("blocks." + std::to_string(index)),
        up_(add_parameter("up", {sizes.hidden, sizes.dim}, {})),
        down_(add_parameter("down", {sizes.dim, sizes.hidden}, {})),
        scale_(add_parameter("scale", {sizes.dim}, {})) {}
  unit::Tuple forward(const unit::Tuple& inputs) override {
    return {inputs[0] + ops::linear(at::tanh(ops::linear(inputs[0] * scale_.value, up_.value)), down_.value)};
  }
  std::string type() const override { return "toy_block"; }

 private:
  nn::Parameter& up_;
  nn::Parameter& down_;
  nn::Parameter& scale_;
};

class Loss : public unit::Unit {
 public:
  Loss() : Unit("loss") {}
  unit::Tuple forward(const unit::Tuple& inputs) override { return {(inputs[0] - inputs[1]).square().sum()}; }
  std::string type() const override { return "toy_loss"; }
};

}  // namespace

std::vector<std::unique_ptr<unit::Unit>> make_toy_units(const ToySizes& sizes) {
  std::vector<std::unique_ptr<unit::Unit>> units;
  units.push_back(std::make_unique<Embedding>(sizes));
  for (int i = 0; i < sizes.num_blocks; ++i) units.push_back(std::make_unique<Block>(sizes, i));
  units.push_back(std::make_unique<Loss>());
  return units;
}

std::vector<unit::RunnerUnit> shard_toy_units(std::vector<std::unique_ptr<unit::Unit>>&& units,
                                              parallel::FsdpGroup& group, bool reshard_after_forward,
                                              size_t blocks_per_unit) {
  const size_t loss = units.size() - 1;
  std::vector<unit::RunnerUnit> sharded;
  std::shared_ptr<unit::UnitSharding> sharding;
  for (size_t i = 0; i <= loss; ++i) {
    if (i < loss && (i < 2 || (i - 1) % blocks_per_unit == 0)) {
      std::vector<unit::Unit*> together;
      for (size_t j = i; j < (i == 0 ? 1 : std::min(loss, i + blocks_per_unit)); ++j)
        together.push_back(units[j].get());
      sharding = std::make_shared<parallel::FsdpUnit>(group, together, reshard_after_forward);
    }
    sharded.push_back(
        {.unit = std::move(units[i]), .sharding = i == loss ? nullptr : sharding, .takes_targets = i == loss});
  }
  return sharded;
}

at::Tensor toy_values(const std::string& name, at::IntArrayRef shape) {
  int64_t numel = 1;
  for (const int64_t size : shape) numel *= size;
  const double phase = static_cast<double>(std::hash<std::string>{}(name) % 1000);
  return at::sin(at::arange(numel, at::kDouble) * 12.9898 + phase).mul_(0.5).view(shape);
}

unit::Microbatch toy_microbatch(const ToySizes& sizes, int64_t num_rows, uint64_t seed, at::ScalarType dtype) {
  const double phase = static_cast<double>(seed);
  const auto words = at::arange(num_rows, at::kLong).mul(7).add(static_cast<int64_t>(seed)).remainder(sizes.num_words);
  const auto targets =
      at::sin(at::arange(num_rows * sizes.dim, at::kDouble) * 78.233 + phase).view({num_rows, sizes.dim});
  return {.inputs = {words}, .targets = {targets.to(dtype)}};
}

void fill_shards(const unit::UnitRunner& runner) {
  for (unit::LocalShard* shard : runner.shards()) {
    at::Tensor values = toy_values(shard->name, shard->spec.global_shape);
    for (size_t dim = 0; dim < shard->spec.global_shape.size(); ++dim) {
      values = values.narrow(static_cast<int64_t>(dim), shard->spec.box.offset[dim], shard->spec.box.size[dim]);
    }
    shard->value.copy_(values);
  }
}

}  // namespace titan::test
