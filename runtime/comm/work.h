#pragma once

#include <memory>
#include <utility>

#include "runtime/platform/stream.h"

namespace titan::comm {

/// What a backend knows of one operation under way.
class WorkImpl {
 public:
  virtual ~WorkImpl() = default;
  /// Orders `stream` after the operation. Blocks the host only where the device has no streams. Throws what made it
  /// fail.
  virtual void wait(const platform::Stream& stream) = 0;
  /// Blocks the host until the operation is done. Throws what made it fail.
  virtual void wait_host() = 0;
};

/// Handle of an operation under way. Outputs may be read, and inputs written, after wait. Waiting twice is harmless. An
/// empty Work is complete.
class Work {
 public:
  Work() = default;
  explicit Work(std::shared_ptr<WorkImpl> impl) : impl_(std::move(impl)) {}

  void wait(const platform::Stream& stream) const {
    if (impl_) impl_->wait(stream);
  }
  void wait_host() const {
    if (impl_) impl_->wait_host();
  }

 private:
  std::shared_ptr<WorkImpl> impl_;
};

}  // namespace titan::comm
