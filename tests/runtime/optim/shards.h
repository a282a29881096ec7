#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/unit/local_shard.h"

namespace titan::optim {

/// Makes a shard that is the whole of its parameter.
inline unit::LocalShard whole_shard(const std::string& name, const at::Tensor& value, const at::Tensor& grad) {
  return {name, mesh::whole(value.sizes().vec()), {}, value, grad};
}

/// Owns shards and lists them as an optimizer wants them.
struct ShardSet {
  std::vector<std::unique_ptr<unit::LocalShard>> owned;
  std::vector<unit::LocalShard*> list;

  unit::LocalShard& add(unit::LocalShard shard) {
    owned.push_back(std::make_unique<unit::LocalShard>(std::move(shard)));
    list.push_back(owned.back().get());
    return *owned.back();
  }
};

}  // namespace titan::optim
