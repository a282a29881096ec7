#include "tests/validate/faulty_platform.h"

#include <memory>
#include <utility>

namespace titan::test {
namespace {

using platform::Stream;

class FaultyCommunicator final : public comm::Communicator {
 public:
  FaultyCommunicator(std::unique_ptr<Communicator> inner, FaultyPlatform& owner)
      : inner_(std::move(inner)), owner_(owner) {}

  int rank() const override { return inner_->rank(); }
  int size() const override { return inner_->size(); }
  const std::string& name() const override { return inner_->name(); }
  comm::Work all_reduce(const at::Tensor& tensor, comm::ReduceOp op, const Stream& stream) override {
    owner_.run(Operation::all_reduce, tensor, tensor, *inner_, stream,
               [&] { return inner_->all_reduce(tensor, op, stream); });
    return {};
  }
  comm::Work all_gather(const at::Tensor& shard, const at::Tensor& full, const Stream& stream) override {
    owner_.run(Operation::all_gather, shard, full, *inner_, stream,
               [&] { return inner_->all_gather(shard, full, stream); });
    return {};
  }
  comm::Work reduce_scatter(const at::Tensor& full, const at::Tensor& shard, comm::ReduceOp op,
                            const Stream& stream) override {
    owner_.run(Operation::reduce_scatter, full, shard, *inner_, stream,
               [&] { return inner_->reduce_scatter(full, shard, op, stream); });
    return {};
  }
  comm::Work all_to_all(const at::Tensor& send, const at::Tensor& recv, const std::vector<int64_t>& send_splits,
                        const std::vector<int64_t>& recv_splits, const Stream& stream) override {
    return inner_->all_to_all(send, recv, send_splits, recv_splits, stream);
  }
  comm::Work broadcast(const at::Tensor& tensor, int root, const Stream& stream) override {
    return inner_->broadcast(tensor, root, stream);
  }
  void barrier() override { inner_->barrier(); }
  void abort(const std::string& reason) override { inner_->abort(reason); }

 private:
  std::unique_ptr<Communicator> inner_;
  FaultyPlatform& owner_;
};

}  // namespace

std::unique_ptr<comm::Communicator> FaultyPlatform::make_communicator(const std::vector<int>& ranks,
                                                                      std::string_view name) {
  return std::make_unique<FaultyCommunicator>(ForwardingPlatform::make_communicator(ranks, name), *this);
}

std::vector<at::Tensor> FaultyPlatform::run_unit(unit::UnitCall&& call) {
  unit_ = call.unit->full_name();
  phase_ = call.phase;
  auto results = ForwardingPlatform::run_unit(std::move(call));
  unit_.clear();
  phase_.reset();
  return results;
}

void FaultyPlatform::run(Operation operation, const at::Tensor& input, const at::Tensor& output,
                         comm::Communicator& comm, const Stream& stream,
                         const std::function<comm::Work()>& collective) {
  const CollectiveCall call{.operation = operation,
                            .axis = comm.name(),
                            .rank = world().rank,
                            .unit = unit_,
                            .phase = phase_,
                            .numel = input.numel()};
  const bool applies = comm.size() > 1 && fault_.applies(call);
  const at::Tensor before = applies ? input.clone() : at::Tensor();
  collective().wait(stream);
  if (applies) fault_.disturb(before, output, comm);
}

}  // namespace titan::test
