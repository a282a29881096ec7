#include "runtime/comm/gloo_communicator.h"

#include <utility>

#include "runtime/comm/call.h"
#include "runtime/comm/gloo_collectives.h"

namespace titan::comm {

GlooCommunicator::GlooCommunicator(GlooGroup group, std::unique_ptr<GlooChannel> channel, FailureMonitor& monitor,
                                   const std::atomic<int64_t>& timeout_ms,
                                   std::function<void(GlooCommunicator*)> on_destruction)
    : group_(std::move(group)),
      monitor_(monitor),
      on_destruction_(std::move(on_destruction)),
      queue_(group_, std::move(channel), monitor, timeout_ms) {}

GlooCommunicator::~GlooCommunicator() { on_destruction_(this); }

Work GlooCommunicator::all_reduce(const at::Tensor& tensor, ReduceOp op, const platform::Stream&) {
  const Call call = all_reduce_call(tensor, op);
  return queue_.issue(call, [call, tensor](GlooExchange& exchange) { gloo_all_reduce(exchange, call, tensor); });
}

Work GlooCommunicator::all_gather(const at::Tensor& shard, const at::Tensor& full, const platform::Stream&) {
  return queue_.issue(all_gather_call(shard, full, size()),
                      [shard, full](GlooExchange& exchange) { gloo_all_gather(exchange, shard, full); });
}

Work GlooCommunicator::reduce_scatter(const at::Tensor& full, const at::Tensor& shard, ReduceOp op,
                                      const platform::Stream&) {
  const Call call = reduce_scatter_call(full, shard, op, size());
  return queue_.issue(
      call, [call, full, shard](GlooExchange& exchange) { gloo_reduce_scatter(exchange, call, full, shard); });
}

Work GlooCommunicator::all_to_all(const at::Tensor& send, const at::Tensor& recv,
                                  const std::vector<int64_t>& send_splits, const std::vector<int64_t>& recv_splits,
                                  const platform::Stream&) {
  const Call call = all_to_all_call(send, recv, send_splits, recv_splits, size());
  return queue_.issue(call,
                      [call, send, recv](GlooExchange& exchange) { gloo_all_to_all(exchange, call, send, recv); });
}

Work GlooCommunicator::broadcast(const at::Tensor& tensor, int root, const platform::Stream&) {
  const Call call = broadcast_call(tensor, root, size());
  return queue_.issue(call, [call, tensor](GlooExchange& exchange) { gloo_broadcast(exchange, call, tensor); });
}

void GlooCommunicator::barrier() {
  queue_.issue(Call{}, [](GlooExchange& exchange) { gloo_barrier(exchange); }).wait_host();
}

void GlooCommunicator::abort(const std::string& reason) {
  fail(monitor_.report(abort_cause(group_.global_rank(), reason), kReportTime));
}

}  // namespace titan::comm
