#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "runtime/nn/parameter.h"

namespace titan::nn {

/// Changes a tensor on its way into or out of a module. Two hooks of one function type that captured the same do the
/// same.
class TensorHook {
 public:
  TensorHook() = default;
  template <class Function>
  requires(std::is_empty_v<Function>) TensorHook(Function change) : TensorHook(std::move(change), 0) {}
  /// A function that holds something. `captured` numbers what it is, such as a communicator by its address.
  template <class Function>
  TensorHook(Function change, uint64_t captured)
      : number_((typeid(Function).hash_code() + captured) * kFactor + 1), change_(std::move(change)) {}

  explicit operator bool() const { return static_cast<bool>(change_); }
  at::Tensor operator()(const at::Tensor& x) const { return change_(x); }
  /// Numbers what it does, within this process.
  uint64_t number() const { return number_; }
  static constexpr uint64_t kFactor = 0x9e3779b97f4a7c15;  // spreads the bits of a number

 private:
  uint64_t number_ = 0;
  std::function<at::Tensor(const at::Tensor&)> change_;
};

/// Single-device code with named parameters. A module registers itself with its parent on construction, so members are
/// plain values: `Linear wq{this, "wq", ...}`. Parallelism is applied from outside, by changing parameters' specs and
/// modules' hooks before values exist.
class Module {
 public:
  /// `parent` may be null for a root; the full name is parent.name (an empty name adds nothing).
  Module(Module* parent, const std::string& name);
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  virtual ~Module() = default;

  const std::string& full_name() const { return full_name_; }
  const std::vector<Module*>& children() const { return children_; }
  /// Lists this module's parameters and then its children's, depth first, in order of registration.
  std::vector<Parameter*> parameters() const;
  /// Lists the parameters that are this module's own.
  std::vector<Parameter*> own_parameters() const;

  /// Change the first argument of forward and its result, from outside (tensor and context parallelism).
  void set_input_hook(TensorHook hook) { input_hook_ = std::move(hook); }
  void set_output_hook(TensorHook hook) { output_hook_ = std::move(hook); }
  /// Lets this module and those below compute with fused operators (compile.enable) instead of plain ATen ones.
  void use_fused_operators();
  /// Numbers what was changed from outside in this module and those below: fused operators, hooks.
  uint64_t variant() const;

 protected:
  Parameter& add_parameter(const std::string& name, std::vector<int64_t> shape, const InitRule& init);
  bool is_fused() const { return is_fused_; }
  bool has_input_hook() const { return static_cast<bool>(input_hook_); }
  /// What forward does first and last.
  at::Tensor enter(const at::Tensor& x) const { return input_hook_ ? input_hook_(x) : x; }
  at::Tensor leave(const at::Tensor& y) const { return output_hook_ ? output_hook_(y) : y; }

 private:
  void append_parameters(std::vector<Parameter*>& all) const;

  std::string full_name_;
  std::vector<Module*> children_;
  std::vector<std::unique_ptr<Parameter>> own_parameters_;
  TensorHook input_hook_, output_hook_;
  bool is_fused_ = false;
};

}  // namespace titan::nn
