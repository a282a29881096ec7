// What a collective among processes costs, next to what the machine needs for the same bytes: a small all_reduce in
// round trips of a bare TCP connection over the loopback interface, a large one in copies of the tensor. Starts its own
// ranks.
#include <ATen/core/Tensor.h>
#include <ATen/ops/ones.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "cli/launch.h"
#include "cli/world.h"
#include "runtime/comm/gloo_world.h"

namespace titan {
namespace {

double seconds_per_call(int num_calls, const std::function<void()>& call) {
  for (int i = 0; i < num_calls / 10 + 1; ++i) call();
  const auto started = std::chrono::steady_clock::now();
  for (int i = 0; i < num_calls; ++i) call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count() / num_calls;
}

int connected_to_itself(std::thread& echo, size_t num_bytes) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ::bind(listener, reinterpret_cast<sockaddr*>(&address), length);
  ::listen(listener, 1);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  const int near = ::socket(AF_INET, SOCK_STREAM, 0);
  ::connect(near, reinterpret_cast<sockaddr*>(&address), length);
  const int far = ::accept(listener, nullptr, nullptr);
  ::close(listener);
  const int on = 1;
  for (int end : {near, far}) ::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  echo = std::thread([far, num_bytes] {
    std::vector<char> buffer(num_bytes);
    while (::recv(far, buffer.data(), num_bytes, MSG_WAITALL) > 0) ::send(far, buffer.data(), num_bytes, 0);
    ::close(far);
  });
  return near;
}

double round_trip_s(size_t num_bytes) {
  std::thread echo;
  const int end = connected_to_itself(echo, num_bytes);
  std::vector<char> buffer(num_bytes);
  const double seconds = seconds_per_call(5000, [&] {
    ::send(end, buffer.data(), num_bytes, 0);
    ::recv(end, buffer.data(), num_bytes, MSG_WAITALL);
  });
  ::close(end);
  echo.join();
  return seconds;
}

void measure(const cli::WorldPlan& plan) {
  comm::GlooWorld world({.world = plan.world, .store = plan.store, .rank_0_serves = plan.rank_0_serves});
  auto comm = world.make_communicator({0, 1}, "bench");
  const platform::Stream stream;
  const auto all_reduce_s = [&](const at::Tensor& tensor, int num_calls) {
    return seconds_per_call(num_calls, [&] { comm->all_reduce(tensor, comm::ReduceOp::max, stream).wait(stream); });
  };
  const double small = all_reduce_s(at::ones({16}), 5000);
  const at::Tensor large = at::ones({16 << 20});
  const double large_s = all_reduce_s(large, 10);
  if (plan.world.rank == 0) {
    const double round_trip = round_trip_s(64);
    std::printf("all_reduce of 64 bytes, 2 ranks: %.0f us = %.1f TCP round trips of %.0f us\n", small * 1e6,
                small / round_trip, round_trip * 1e6);
    const at::Tensor copy = at::ones({16 << 20});
    const double memcpy_s =
        seconds_per_call(10, [&] { std::memcpy(copy.data_ptr(), large.data_ptr(), large.nbytes()); });
    std::printf("all_reduce of 64 MiB, 2 ranks: %.0f ms = %.1f memcpy of %.0f ms\n", large_s * 1e3, large_s / memcpy_s,
                memcpy_s * 1e3);
  }
  comm->barrier();
}

void gloo_collectives(benchmark::State& state, const cli::Environment& environment) {
  for (auto _ : state) {
    if (cli::launch({.num_procs = 2, .environment = environment}) != 0) state.SkipWithError("a rank failed");
  }
}

}  // namespace
}  // namespace titan

int main(int argc, char** argv) {
  const auto environment = titan::cli::current_environment();
  const auto plan = titan::cli::decide_world(environment);
  if (plan.kind == titan::cli::WorldKind::processes) {
    titan::measure(plan);
    return 0;
  }
  benchmark::RegisterBenchmark("gloo_collectives", titan::gloo_collectives, environment)->Iterations(1);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
