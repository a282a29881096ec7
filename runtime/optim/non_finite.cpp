#include "runtime/optim/non_finite.h"

#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <limits>

namespace titan::optim {
namespace {

constexpr int64_t kMaxNameBytes = 256;
constexpr double kNone = std::numeric_limits<double>::infinity();

bool is_finite(const at::Tensor& grad, platform::Platform& platform) {
  return platform.read(at::isfinite(grad).all().to(at::kFloat), 1.0) != 0.0;
}

size_t local_first(const std::vector<unit::LocalShard*>& shards, platform::Platform& platform) {
  const auto found = std::find_if(shards.begin(), shards.end(), [&](const unit::LocalShard* shard) {
    return shard->grad.defined() && shard->grad.numel() > 0 && !is_finite(shard->grad, platform);
  });
  return found - shards.begin();
}

void reduce(const at::Tensor& tensor, comm::ReduceOp op, const std::vector<comm::Communicator*>& mesh,
            platform::Platform& platform) {
  const platform::Stream stream = platform.stream(platform::StreamRole::compute);
  for (comm::Communicator* communicator : mesh) communicator->all_reduce(tensor, op, stream).wait(stream);
}

/// The winner's name reaches everyone as the maximum of its bytes and zeros.
std::string share_name(const std::string& mine, const std::vector<comm::Communicator*>& mesh,
                       platform::Platform& platform) {
  at::Tensor bytes = at::zeros({kMaxNameBytes}, at::kFloat);
  const auto length = std::min<int64_t>(kMaxNameBytes, static_cast<int64_t>(mine.size()));
  for (int64_t i = 0; i < length; ++i) bytes.data_ptr<float>()[i] = static_cast<unsigned char>(mine[i]);
  bytes = bytes.to(platform.device());
  reduce(bytes, comm::ReduceOp::max, mesh, platform);
  std::string name;
  for (int64_t i = 0; i < kMaxNameBytes; ++i) {
    const double byte = platform.read(bytes.select(0, i), 0.0);
    if (byte == 0.0) break;
    name.push_back(static_cast<char>(static_cast<unsigned char>(byte)));
  }
  return name;
}

}  // namespace

std::optional<std::string> first_non_finite(const std::vector<unit::LocalShard*>& shards,
                                            const std::vector<comm::Communicator*>& mesh,
                                            platform::Platform& platform) {
  if (!platform.has_values()) return std::nullopt;
  const size_t index = local_first(shards, platform);
  const platform::World world = platform.world();
  // Unique per rank, so that exactly one rank names its parameter.
  const double mine = index == shards.size() ? kNone : static_cast<double>(index * world.size + world.rank);
  const at::Tensor first = at::full({1}, mine, at::TensorOptions(at::kDouble).device(platform.device()));
  reduce(first, comm::ReduceOp::min, mesh, platform);
  const double winner = platform.read(first, kNone);
  if (winner == kNone) return std::nullopt;
  return share_name(mine == winner ? shards[index]->name : "", mesh, platform);
}

}  // namespace titan::optim
