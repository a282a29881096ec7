#include <bit>
#include <limits>

#include "runtime/config/config_error.h"
#include "sim/trace/byte_form.h"
#include "sim/trace/trace_file.h"
#include "sim/trace/well_formed.h"

namespace titan::trace {

namespace {

// Reads one value after another; knows where it is when something is wrong.
class Reader {
 public:
  Reader(std::string_view bytes, const std::string& source) : bytes_(bytes), source_(source) {}

  [[noreturn]] void fail(const std::string& message) const { fail_at(position_, message); }
  [[noreturn]] void fail_at(size_t position, const std::string& message) const {
    throw config::ConfigError(source_, "byte " + std::to_string(position) + ": " + message);
  }

  uint8_t byte() {
    if (position_ == bytes_.size()) fail("the file ends too early");
    return static_cast<uint8_t>(bytes_[position_++]);
  }
  uint64_t number(uint64_t max = std::numeric_limits<uint64_t>::max()) {
    const size_t start = position_;
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const uint64_t bits = byte();
      if (shift == 63 && bits > 1) fail_at(start, "a number of more than 64 bits");
      value |= (bits & 0x7f) << shift;
      if (bits < 0x80) break;
    }
    if (value > max) fail_at(start, std::to_string(value) + " is above " + std::to_string(max));
    return value;
  }
  template <class T>
  T number_as() {
    return static_cast<T>(number(static_cast<uint64_t>(std::numeric_limits<T>::max())));
  }
  double amount() {
    uint64_t bits = 0;
    for (int shift = 0; shift < 64; shift += 8) bits |= static_cast<uint64_t>(byte()) << shift;
    return std::bit_cast<double>(bits);
  }
  // How many entries follow: each takes at least `entry_bytes`, so that a wrong count cannot ask for much memory.
  size_t count(size_t entry_bytes) {
    const size_t start = position_;
    const uint64_t value = number();
    if (value > (bytes_.size() - position_) / entry_bytes)
      fail_at(start, "the file ends before the " + std::to_string(value) + " entries announced");
    return static_cast<size_t>(value);
  }
  std::string text() {
    const size_t size = count(1);
    position_ += size;
    return std::string(bytes_.substr(position_ - size, size));
  }
  void expect(std::string_view value) {
    if (!bytes_.substr(position_).starts_with(value)) fail("not a trace");
    position_ += value.size();
  }
  void expect_end() const {
    if (position_ != bytes_.size()) fail("the file goes on after the trace");
  }
  size_t position() const { return position_; }

 private:
  std::string_view bytes_;
  const std::string& source_;
  size_t position_ = 0;
};

std::vector<std::vector<int64_t>> read_shapes(Reader& in) {
  std::vector<std::vector<int64_t>> shapes(in.count(1));
  for (auto& shape : shapes) {
    shape.resize(in.count(1));
    for (int64_t& extent : shape) extent = in.number_as<int64_t>();
  }
  return shapes;
}

OpDescriptor read_op(Reader& in) {
  OpDescriptor op;
  op.name = in.text();
  op.dtype = in.text();
  op.inputs = read_shapes(in);
  op.outputs = read_shapes(in);
  const uint64_t flags = in.number(2 * kNumOpClasses - 1);
  op.op_class = static_cast<OpClass>(flags >> 1);
  op.is_causal = flags & 1;
  for (int64_t& extent : op.extents) extent = unzigzag(in.number());
  op.flops = in.amount();
  op.bytes_read = in.amount();
  op.bytes_written = in.amount();
  return op;
}

Group read_group(Reader& in) {
  Group group{.name = in.text()};
  group.ranks.resize(in.count(1));
  for (int32_t& rank : group.ranks) rank = in.number_as<int32_t>();
  return group;
}

CollectiveDescriptor read_collective(Reader& in) {
  CollectiveDescriptor collective;
  collective.kind = static_cast<CollectiveKind>(in.number(kNumCollectiveKinds - 1));
  collective.group = in.number_as<uint32_t>();
  collective.dtype = in.text();
  collective.bytes = in.amount();
  return collective;
}

TransferDescriptor read_transfer(Reader& in) {
  TransferDescriptor transfer;
  transfer.group = in.number_as<uint32_t>();
  transfer.peer = in.number_as<int32_t>();
  transfer.bytes = in.amount();
  return transfer;
}

// The least bytes of an entry: lengths and small numbers one each, amounts eight.
constexpr size_t kGroupBytes = 2, kOpBytes = 11 + 24, kCollectiveBytes = 3 + 8, kTransferBytes = 2 + 8;

template <class T, class Read>
void read_table(Reader& in, std::vector<T>& table, size_t entry_bytes, const Read& read) {
  const size_t num_entries = in.count(entry_bytes);
  table.reserve(num_entries);
  for (size_t i = 0; i < num_entries; ++i) table.push_back(read(in));
}

uint32_t read_distance(Reader& in, uint32_t newest) {
  const uint64_t distance = in.number(newest);
  return newest - static_cast<uint32_t>(distance);
}

void read_arguments(Reader& in, Trace& trace, Node& node) {
  node.num_arguments = in.number_as<uint16_t>();
  node.value = trace.arguments.size();
  for (int i = 0; i < node.num_arguments; ++i) {
    const uint64_t bits = in.number(static_cast<uint64_t>(kMaxStorages) << 2 | 3);
    const uint64_t distance = bits >> 2;
    if (distance > trace.num_storages) in.fail("a storage before the first");
    trace.arguments.emplace_back(trace.num_storages - static_cast<uint32_t>(distance),
                                 static_cast<Argument::Access>(bits & 3));
  }
}

// Fills what the bytes leave out: numbers that follow from the order, bytes and stream of what is freed.
void read_node(Reader& in, Trace& trace, std::vector<uint64_t>& storage_bytes) {
  const uint8_t head = in.byte();
  Node node{.kind = static_cast<NodeKind>(head >> 4), .stream = static_cast<uint8_t>(head & 0xf)};
  switch (node.kind) {
    case NodeKind::op:
    case NodeKind::collective:
    case NodeKind::send:
    case NodeKind::recv:
      node.id = in.number_as<uint32_t>();
      read_arguments(in, trace, node);
      break;
    case NodeKind::alloc:
      node.id = trace.num_storages++;
      node.num_arguments = in.number_as<uint16_t>();
      node.value = in.number();
      storage_bytes.push_back(node.value);
      break;
    case NodeKind::free:
      node.id = read_distance(in, trace.num_storages);
      if (node.id < storage_bytes.size()) node.value = storage_bytes[node.id];
      break;
    case NodeKind::record_event:
      node.id = trace.num_events++;
      break;
    case NodeKind::wait_event:
    case NodeKind::host_wait:
      node.id = read_distance(in, trace.num_events);
      break;
    case NodeKind::begin_scope:
      node.id = in.number_as<uint32_t>();
      break;
    default:
      break;
  }
  trace.nodes.push_back(node);
}

void read_nodes(Reader& in, Trace& trace) {
  const size_t num_nodes = in.count(1);
  trace.nodes.reserve(num_nodes);
  std::vector<uint64_t> storage_bytes;
  WellFormed check(trace);
  if (const auto fault = check.tables()) in.fail(*fault);
  for (size_t i = 0; i < num_nodes; ++i) {
    const size_t position = in.position();
    read_node(in, trace, storage_bytes);
    if (const auto fault = check.next(trace.nodes.back()))
      in.fail_at(position, "node " + std::to_string(i) + ": " + *fault);
  }
  if (const auto fault = check.end()) in.fail(*fault);
}

}  // namespace

Trace decode(std::string_view bytes, const std::string& source) {
  Reader in(bytes, source);
  in.expect(kMagic);
  const uint64_t version = in.number();
  if (version != kTraceVersion)
    in.fail("version " + std::to_string(version) + ", this program reads version " + std::to_string(kTraceVersion));
  Trace trace;
  trace.rank = in.number_as<int32_t>();
  trace.world_size = in.number_as<int32_t>();
  read_table(in, trace.names, 1, [](Reader& r) { return r.text(); });
  read_table(in, trace.categories, 1, [](Reader& r) { return r.text(); });
  read_table(in, trace.groups, kGroupBytes, read_group);
  read_table(in, trace.ops, kOpBytes, read_op);
  read_table(in, trace.collectives, kCollectiveBytes, read_collective);
  read_table(in, trace.transfers, kTransferBytes, read_transfer);
  read_nodes(in, trace);
  in.expect_end();
  return trace;
}

}  // namespace titan::trace
