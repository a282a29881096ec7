#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randint.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <chrono>
#include <iostream>

#include "models/registry.h"
#include "runtime/nn/initialise.h"
#include "runtime/nn/loss_unit.h"

TEST(Smoke, Trains) {
  using namespace titan;
  using clock = std::chrono::steady_clock;
  auto seconds = [](auto a, auto b) { return std::chrono::duration<double>(b - a).count(); };
  const int64_t S = 256, B = 8;
  auto spec = models::find_model("llama3", "debugmodel");
  auto model = spec.build({.seq_len = S});
  model.make_buffers(at::kCPU);
  int64_t n = 0;
  auto t0 = clock::now();
  for (auto& u : model.units)
    for (auto* p : u->parameters()) {
      auto t = at::empty(p->spec.global_shape, at::kFloat);
      nn::fill(t, p->spec, p->init, 1, p->name);
      p->value = t.requires_grad_(true);
      n += t.numel();
    }
  std::cout << "init ns/element " << seconds(t0, clock::now()) * 1e9 / n << " threads " << at::get_num_threads()
            << "\n";
  auto tokens = at::randint(2048, {B, S}, at::kLong), labels = at::randint(2048, {B, S}, at::kLong);
  nn::LossUnit loss;
  for (int i = 0; i < 6; ++i) {
    auto a = clock::now();
    unit::Tuple x{tokens};
    for (auto& u : model.units) x = u->forward(x);
    x.push_back(labels);
    auto l = loss.forward(x)[0].div(B * S);
    auto b = clock::now();
    torch::autograd::backward({l}, {});
    auto c = clock::now();
    std::cout << l.item<float>() << " forward " << seconds(a, b) << " backward " << seconds(b, c) << "\n";
  }
}
