#include "sim/device/call_table.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>

#include <bit>

#include "sim/device/storage.h"
#include "sim/trace/known_ops.h"

namespace titan::sim {
namespace {

using Access = KnownOperator::Access;

std::string full_name_of(const c10::FunctionSchema& schema) {
  return schema.overload_name().empty() ? schema.name() : schema.name() + "." + schema.overload_name();
}

bool is_tensor_list(const c10::TypePtr& type) {
  return type->kind() == c10::TypeKind::ListType && type->containedType(0)->kind() == c10::TypeKind::TensorType;
}

bool shares_alias(const c10::AliasInfo* a, const c10::AliasInfo* b) {
  return a && b && a->beforeSets() == b->beforeSets();
}

int find_alias(const c10::FunctionSchema& schema, const c10::AliasInfo* alias) {
  for (size_t i = 0; i < schema.arguments().size(); ++i) {
    if (shares_alias(schema.arguments()[i].alias_info(), alias)) return static_cast<int>(i);
  }
  return -1;
}

// Ends what could otherwise be read as the beginning of the next argument.
enum Mark : int64_t { kNone = -1, kTensor = -2, kList = -3, kScalar = -4, kText = -5, kTwin = -6 };

class SignatureWriter {
 public:
  SignatureWriter(const KnownOperator& op, Signature& to) : op_(op), to_(to) {}

  void value(const c10::IValue& value) {
    if (value.isTensor()) return tensor(value.toTensor());
    if (value.isInt()) return to_.push_back(value.toInt());
    if (value.isNone()) return to_.push_back(kNone);
    if (value.isBool()) return to_.push_back(value.toBool());
    if (value.isDouble()) return number(value.toDouble());
    if (value.isIntList()) return numbers(value.toIntVector());
    if (value.isList()) return list(value.toListRef());
    if (value.isDevice()) return to_.push_back(kNone);
    if (value.isString()) return text(value.toStringView());
    if (value.isScalar()) return number(value.toScalar().toComplexDouble().real());
    TORCH_CHECK(false, "simulated device: operator ", op_.full_name,
                " has an argument of a kind that is not known yet (", value.tagKind(),
                "); add it to sim/device/call_table.cpp");
  }

  /// Tells whether a tensor is an earlier argument again: its bytes count once.
  void twins(c10::ArrayRef<c10::IValue> arguments) {
    for (size_t i = 1; i < arguments.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (is_same(arguments[i], arguments[j])) to_.insert(to_.end(), {kTwin, static_cast<int64_t>(i * 64 + j)});
      }
    }
  }

 private:
  static const at::Tensor* first_tensor(const c10::IValue& value) {
    if (value.isTensor()) return &value.toTensor();
    if (!value.isTensorList() || value.toListRef().empty()) return nullptr;
    return &value.toListRef().front().toTensor();
  }
  static bool is_same(const c10::IValue& a, const c10::IValue& b) {
    const at::Tensor *first = first_tensor(a), *second = first_tensor(b);
    return first && second && first->defined() && first->is_same(*second);
  }

  void tensor(const at::Tensor& tensor) {
    if (!tensor.defined()) return to_.push_back(kNone);
    const bool is_contiguous = tensor.is_contiguous();
    const auto* impl = tensor.unsafeGetTensorImpl();
    to_.push_back(kTensor);
    to_.push_back(static_cast<int64_t>(tensor.scalar_type()) | tensor.is_cpu() << 8 | impl->is_wrapped_number() << 9 |
                  is_contiguous << 10 | (is_simulated(tensor) && is_on_host(tensor)) << 11 | tensor.dim() << 16);
    to_.insert(to_.end(), tensor.sizes().begin(), tensor.sizes().end());
    if (!is_contiguous) to_.insert(to_.end(), tensor.strides().begin(), tensor.strides().end());
  }

  // Values change shapes only where something new is made (arange).
  void number(double number) {
    to_.push_back(kScalar);
    if (!op_.is_in_place) to_.push_back(std::bit_cast<int64_t>(number));
  }

  void numbers(const std::vector<int64_t>& numbers) {
    to_.push_back(kList);
    to_.push_back(static_cast<int64_t>(numbers.size()));
    to_.insert(to_.end(), numbers.begin(), numbers.end());
  }

  void list(c10::ArrayRef<c10::IValue> values) {
    to_.push_back(kList);
    to_.push_back(static_cast<int64_t>(values.size()));
    for (const auto& one : values) value(one);
  }

  void text(std::string_view text) {
    to_.push_back(kText);
    to_.push_back(static_cast<int64_t>(trace::hash_of(text)));
  }

  const KnownOperator& op_;
  Signature& to_;
};

}  // namespace

KnownOperator::KnownOperator(const c10::FunctionSchema& schema, uint32_t number_in)
    : rules(find_operator_rules(schema.name())),
      name(schema.name()),
      full_name(full_name_of(schema)),
      number(number_in),
      num_arguments(schema.arguments().size()) {
  for (size_t i = 0; i < num_arguments; ++i) {
    const auto& argument = schema.arguments()[i];
    const bool writes =
        argument.alias_info() && argument.alias_info()->isWrite() && !(i < 64 && rules.unwritten_arguments >> i & 1);
    const bool only_writes = argument.is_out() || rules.overwrites;
    access.push_back(!writes ? Access::read : only_writes ? Access::write : Access::read_write);
    is_out.push_back(writes && argument.is_out());
    has_out = has_out || is_out.back();
  }
  bool makes_tensors = false;
  for (const auto& one : schema.returns()) {
    const c10::AliasInfo* alias = one.alias_info();
    if (alias && !alias->isWrite()) returns_views = true;
    returns.push_back({.alias = alias ? find_alias(schema, alias) : -1, .is_list = is_tensor_list(one.type())});
    makes_tensors = makes_tensors || returns.back().alias < 0;
  }
  is_in_place = !makes_tensors && !has_out;
}

const KnownOperator& CallTable::find_operator(const c10::FunctionSchema& schema) {
  auto& known = operators_[&schema];
  if (!known) known = std::make_unique<KnownOperator>(schema, static_cast<uint32_t>(operators_.size()));
  return *known;
}

const KnownCall* CallTable::find(const Signature& signature) const {
  const auto found = calls_.find(signature);
  return found == calls_.end() ? nullptr : &found->second;
}

const KnownCall& CallTable::add(const Signature& signature, KnownCall&& call) {
  return calls_.insert_or_assign(signature, std::move(call)).first->second;
}

size_t CallTable::Hash::operator()(const Signature& signature) const {
  size_t hash = signature.size();
  for (const int64_t number : signature) hash = trace::mix_hash(hash, static_cast<uint64_t>(number));
  return hash;
}

void append_signature(const KnownOperator& op, c10::ArrayRef<c10::IValue> arguments, Signature& signature) {
  SignatureWriter writer(op, signature);
  for (const auto& argument : arguments) writer.value(argument);
  writer.twins(arguments);
}

}  // namespace titan::sim
