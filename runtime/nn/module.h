#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/nn/parameter.h"

namespace titan::nn {

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

 protected:
  Parameter& add_parameter(const std::string& name, std::vector<int64_t> shape, const InitRule& init);

 private:
  std::string full_name_;
  std::vector<Module*> children_;
  std::vector<std::unique_ptr<Parameter>> own_parameters_;
};

}  // namespace titan::nn
