#include "runtime/comm/thread_communicator.h"

#include <utility>

namespace titan::comm {

/// One rank's handle of an operation. Used by the issuing rank's threads, one at a time.
class ThreadWork final : public WorkImpl {
 public:
  ThreadWork(std::shared_ptr<ThreadWorld> world, std::shared_ptr<ThreadGroup> group, int member,
             ThreadWorld::Issued issued)
      : world_(std::move(world)),
        group_(std::move(group)),
        member_(member),
        operation_(std::move(issued.operation)),
        sequence_(issued.sequence) {}

  void wait(const platform::Stream&) override { wait_host(); }
  void wait_host() override {
    if (!operation_) return;
    world_->wait_for_parts(*group_, *operation_, member_, sequence_);
    operation_->take_result(member_);
    operation_.reset();
  }

 private:
  std::shared_ptr<ThreadWorld> world_;  // first: the operation uses its mutex and buffers
  std::shared_ptr<ThreadGroup> group_;
  int member_;
  std::shared_ptr<ThreadOperation> operation_;  // null once the result is taken
  int64_t sequence_;
};

ThreadCommunicator::ThreadCommunicator(std::shared_ptr<ThreadWorld> world, std::shared_ptr<ThreadGroup> group,
                                       int member)
    : world_(std::move(world)), group_(std::move(group)), member_(member) {}

Work ThreadCommunicator::issue(Call call, const at::Tensor& input, const at::Tensor& output) {
  for (const at::Tensor* tensor : {&input, &output}) {
    TORCH_CHECK(!tensor->defined() || tensor->is_cpu(), call.text(),
                ": tensors must be on the CPU: device=", tensor->device());
  }
  Part part = make_part(world_->pool_, std::move(call), input, output);
  ThreadWorld::Issued issued = world_->issue(*group_, member_, std::move(part));
  return Work(std::make_shared<ThreadWork>(world_, group_, member_, std::move(issued)));
}

Work ThreadCommunicator::all_reduce(const at::Tensor& tensor, ReduceOp op, const platform::Stream&) {
  return issue(all_reduce_call(tensor, op), tensor, tensor);
}

Work ThreadCommunicator::all_gather(const at::Tensor& shard, const at::Tensor& full, const platform::Stream&) {
  return issue(all_gather_call(shard, full, size()), shard, full);
}

Work ThreadCommunicator::reduce_scatter(const at::Tensor& full, const at::Tensor& shard, ReduceOp op,
                                        const platform::Stream&) {
  return issue(reduce_scatter_call(full, shard, op, size()), full, shard);
}

Work ThreadCommunicator::all_to_all(const at::Tensor& send, const at::Tensor& recv,
                                    const std::vector<int64_t>& send_splits, const std::vector<int64_t>& recv_splits,
                                    const platform::Stream&) {
  return issue(all_to_all_call(send, recv, send_splits, recv_splits, size()), send, recv);
}

Work ThreadCommunicator::broadcast(const at::Tensor& tensor, int root, const platform::Stream&) {
  Call call = broadcast_call(tensor, root, size());
  if (member_ == root) return issue(std::move(call), tensor, at::Tensor());
  return issue(std::move(call), at::Tensor(), tensor);
}

void ThreadCommunicator::barrier() { issue(Call{.kind = CallKind::barrier}, at::Tensor(), at::Tensor()).wait_host(); }

void ThreadCommunicator::abort(const std::string& reason) { world_->abort(group_->ranks[member_], reason); }

}  // namespace titan::comm
