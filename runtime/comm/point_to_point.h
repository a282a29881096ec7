#pragma once

#include <ATen/core/Tensor.h>

#include "runtime/comm/work.h"
#include "runtime/platform/stream.h"

namespace titan::comm {

/// Messages between two ranks of one mesh axis. Between one pair messages arrive in the order sent.
class PointToPoint {
 public:
  virtual ~PointToPoint() = default;

  virtual Work send(const at::Tensor& tensor, int to, const platform::Stream& stream) = 0;
  virtual Work recv(const at::Tensor& tensor, int from, const platform::Stream& stream) = 0;
  /// Between begin_group and end_group calls are only collected; end_group issues them as one, so that pairs that send
  /// to each other cannot block each other.
  virtual void begin_group() = 0;
  virtual Work end_group(const platform::Stream& stream) = 0;
};

}  // namespace titan::comm
