#include "runtime/nn/module.h"

namespace titan::nn {
namespace {

std::string join(const std::string& parent, const std::string& name) {
  return parent.empty() || name.empty() ? parent + name : parent + "." + name;
}

}  // namespace

Module::Module(Module* parent, const std::string& name) : full_name_(join(parent ? parent->full_name_ : "", name)) {
  if (parent) parent->children_.push_back(this);
}

std::vector<Parameter*> Module::parameters() const {
  std::vector<Parameter*> all;
  append_parameters(all);
  return all;
}

void Module::append_parameters(std::vector<Parameter*>& all) const {
  for (const auto& parameter : own_parameters_) all.push_back(parameter.get());
  for (const Module* child : children_) child->append_parameters(all);
}

std::vector<Parameter*> Module::own_parameters() const {
  std::vector<Parameter*> all;
  for (const auto& parameter : own_parameters_) all.push_back(parameter.get());
  return all;
}

void Module::use_fused_operators() {
  is_fused_ = true;
  for (Module* child : children_) child->use_fused_operators();
}

uint64_t Module::variant() const {
  uint64_t number = is_fused_;
  for (const TensorHook* hook : {&input_hook_, &output_hook_}) number = number * TensorHook::kFactor + hook->number();
  for (const Module* child : children_) number = number * TensorHook::kFactor + child->variant() + 1;
  return number;
}

Parameter& Module::add_parameter(const std::string& name, std::vector<int64_t> shape, const InitRule& init) {
  own_parameters_.push_back(std::make_unique<Parameter>(
      Parameter{.name = join(full_name_, name), .spec = mesh::whole(std::move(shape)), .init = init}));
  return *own_parameters_.back();
}

}  // namespace titan::nn
