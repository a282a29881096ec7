// Whatever a unit can read off a tensor is part of a template's key: units that do more where one property of one
// tensor is different, called twice.
#include <ATen/ops/empty.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/silu.h>

#include <array>
#include <string>

#include "tests/sim/device/template_scene.h"

namespace titan::test {
namespace {

enum class Place { input, parameter, buffer };

/// Two tensors that differ in what `get` gives.
struct Property {
  std::string name;
  std::function<int64_t(const at::Tensor&)> get;
  std::function<std::array<at::Tensor, 2>(const at::TensorOptions&)> make;
};

std::vector<Property> properties() {
  using Options = at::TensorOptions;
  const auto rows_of = [](const Options& o, int64_t all, int64_t first) {
    return at::empty({all, kWidth}, o).narrow(0, first, kRows);
  };
  return {{"sizes", [](const at::Tensor& t) { return t.size(0); },
           [](const Options& o) {
             const auto all = at::empty({kRows, kWidth}, o);
             return std::array{all, all.narrow(0, 0, kRows / 2)};
           }},
          {"number_of_dims", [](const at::Tensor& t) { return t.dim(); },
           [](const Options& o) {
             return std::array{at::empty({kRows, 1}, o), at::empty({kRows}, o)};
           }},
          {"strides", [](const at::Tensor& t) { return t.stride(0); },
           [](const Options& o) {
             return std::array{at::empty({kRows, kRows}, o), at::empty({kRows, kRows}, o).t()};
           }},
          {"offset", [](const at::Tensor& t) { return t.storage_offset(); },
           [=](const Options& o) {
             return std::array{rows_of(o, kRows + 2, 0), rows_of(o, kRows + 2, 2)};
           }},
          {"storage_bytes", [](const at::Tensor& t) { return static_cast<int64_t>(t.storage().nbytes()); },
           [=](const Options& o) {
             return std::array{rows_of(o, kRows, 0), rows_of(o, kRows + 2, 0)};
           }},
          {"dtype", [](const at::Tensor& t) { return static_cast<int64_t>(t.scalar_type()); },
           [](const Options& o) {
             return std::array{at::empty({kRows}, o), at::empty({kRows}, o.dtype(at::kHalf))};
           }}};
}

class TemplateProperty : public testing::TestWithParam<std::tuple<Property, Place>> {};

TEST_P(TemplateProperty, IsTold) {
  const auto& [property, place] = GetParam();
  const auto outcome = expect_same([&, &property = property, place = place](SimPlatform& p) {
    const auto values = property.make(on(p));
    const int64_t usual = property.get(values[0]);
    ASSERT_NE(usual, property.get(values[1]));
    const auto looks = [&, place](const FunctionUnit& u, const Tuple& x) -> Tuple {
      const at::Tensor& at = place == Place::input ? x[0] : place == Place::parameter ? u.w(0) : u.buffer(0);
      const auto y = at::silu(at);
      return {property.get(at) == usual ? y : at::silu(y)};
    };
    for (const auto& value : {values[0], values[1], values[0]}) {
      FunctionUnit one("looks", looks);
      if (place == Place::parameter) one.with(value);
      if (place == Place::buffer) one.with_buffer(value);
      forward(p, one, place == Place::input ? Tuple{value} : row_input(p), nullptr);
    }
  });
  EXPECT_EQ(outcome.num_hits, 1);
  EXPECT_EQ(outcome.num_executed, 0);
}

std::string name_of(const std::tuple<Property, Place>& one) {
  const std::array<const char*, 3> places{"input", "parameter", "buffer"};
  return std::get<0>(one).name + "_of_" + places.at(static_cast<size_t>(std::get<1>(one)));
}

INSTANTIATE_TEST_SUITE_P(All, TemplateProperty,
                         testing::Combine(testing::ValuesIn(properties()),
                                          testing::Values(Place::input, Place::parameter, Place::buffer)),
                         [](const auto& instance) { return name_of(instance.param); });

Tuple product_with_buffers(const FunctionUnit& u, const Tuple&) { return {at::mul(u.buffer(0), u.buffer(1))}; }

TEST(TemplateKey, TellsThatTwoBuffersShareAStorage) {
  expect_same([](SimPlatform& p) {
    const auto a = at::empty({kRows}, on(p)), b = at::empty({kRows}, on(p));
    for (const auto& second : {a.detach(), b}) {
      FunctionUnit one("product", [](const FunctionUnit& u, const Tuple&) -> Tuple {
        const bool is_one = u.buffer(0).is_alias_of(u.buffer(1));
        return {is_one ? at::silu(u.buffer(0)) : at::mul(u.buffer(0), u.buffer(1))};
      });
      one.with_buffer(a).with_buffer(second);
      forward(p, one, row_input(p), nullptr);
    }
  });
}

// The bytes of an operator that reads one tensor twice count once.
TEST(TemplateKey, TellsThatTwoBuffersAreOneTensor) {
  expect_same([](SimPlatform& p) {
    const auto a = at::empty({kRows}, on(p));
    for (const auto& second : {a, a.detach()}) {
      FunctionUnit one("product", product_with_buffers);
      one.with_buffer(a).with_buffer(second);
      forward(p, one, row_input(p), nullptr);
    }
  });
}

TEST(TemplateKey, TellsThatAnInputIsABuffer) {
  expect_same([](SimPlatform& p) {
    const auto a = at::empty({kRows}, on(p)), b = at::empty({kRows}, on(p));
    FunctionUnit one("product",
                     [](const FunctionUnit& u, const Tuple& x) -> Tuple { return {at::mul(u.buffer(0), x[0])}; });
    one.with_buffer(a);
    for (const auto& input : {b, a}) forward(p, one, {input}, nullptr);
  });
}

// A rank's part of a larger parameter may be computed with otherwise than another part (spec.box.offset).
TEST(TemplateKey, TellsPartsOfParameters) {
  expect_same([](SimPlatform& p) {
    for (const int64_t offset : {int64_t{0}, kWidth}) {
      FunctionUnit one("part", [](const FunctionUnit& u, const Tuple& x) -> Tuple {
        const auto y = at::silu(x[0]);
        return {u.parameters()[0]->spec.box.offset[0] == 0 ? y : at::silu(y)};
      });
      one.with(weight(p));
      auto& spec = one.parameters()[0]->spec;
      spec.global_shape[0] *= 2;
      spec.box.offset[0] = offset;
      forward(p, one, row_input(p), nullptr);
    }
  });
}

TEST(TemplateKey, TellsFusedOperators) {
  expect_same([](SimPlatform& p) {
    for (const bool is_fused : {false, true}) {
      FunctionUnit one("fused", [](const FunctionUnit& u, const Tuple& x) -> Tuple {
        const auto y = at::silu(x[0]);
        return {u.computes_fused() ? y : at::silu(y)};
      });
      if (is_fused) one.use_fused_operators();
      forward(p, one, row_input(p), nullptr);
    }
  });
}

TEST(TemplateKey, TellsHowManyParametersAndBuffersThereAre) {
  expect_same([](SimPlatform& p) {
    for (const bool is_parameter : {true, false}) {
      FunctionUnit one("counts", [](const FunctionUnit& u, const Tuple& x) -> Tuple {
        const auto y = at::silu(x[0]);
        return {u.parameters().size() == 2 ? y : at::silu(y)};
      });
      one.with(at::empty({kRows}, on(p)), /*trainable=*/false);
      if (is_parameter) {
        one.with(at::empty({kRows}, on(p)), /*trainable=*/false);
      } else {
        one.with_buffer(at::empty({kRows}, on(p)));
      }
      forward(p, one, row_input(p), nullptr);
    }
  });
}

}  // namespace
}  // namespace titan::test
