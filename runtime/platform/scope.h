#pragma once

#include <functional>
#include <utility>

namespace titan::platform {

/// Runs a function when it goes out of scope: ends an annotation, restores the current stream. Move-only; empty by
/// default.
class Scope {
 public:
  Scope() = default;
  explicit Scope(std::function<void()> on_exit) : on_exit_(std::move(on_exit)) {}
  Scope(Scope&& other) noexcept : on_exit_(std::exchange(other.on_exit_, nullptr)) {}
  Scope& operator=(Scope&&) = delete;
  ~Scope() {
    if (on_exit_) on_exit_();
  }

 private:
  std::function<void()> on_exit_;
};

}  // namespace titan::platform
