#include "sim/platform/run_unit.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "runtime/recompute/interceptor.h"
#include "runtime/unit/saved_forward.h"
#include "sim/device/device_table.h"
#include "sim/device/rank_state.h"
#include "sim/device/storage.h"
#include "sim/platform/instance.h"
#include "sim/platform/record_template.h"
#include "sim/platform/unit_templates.h"

namespace titan::sim {
namespace {

using unit::Phase;
using unit::Tuple;
using unit::UnitCall;
using MadeTemplate = std::shared_ptr<const UnitTemplate>;

constexpr size_t kUsualKeySize = 256;
constexpr int64_t kIsForward = -1;  // in place of the number of a forward

uint32_t storage_number(const at::Tensor& tensor) {
  const Allocation* allocation = tensor.defined() ? allocation_of(tensor) : nullptr;
  return allocation ? allocation->storage : 0;
}

uint32_t storage_number(const c10::Storage& storage) {
  const auto* allocation = storage ? static_cast<const Allocation*>(storage.data_ptr().get_context()) : nullptr;
  return allocation ? allocation->storage : 0;
}

/// One call on its way to a template.
class TemplatedCall {
 public:
  TemplatedCall(RankState& rank, c10::DeviceIndex device, UnitTemplates& templates, UnitCall& call)
      : rank_(rank),
        device_(device),
        templates_(templates),
        call_(call),
        kind_{call.unit, call.checkpoint, call.keep_for_backward},
        parameters_(call.unit->parameters()),
        state_(state_of(*call.unit, parameters_)) {}

  /// False, with nothing changed, if the forward has to be executed.
  bool run_forward(Tuple& results);
  Tuple run_backward();

 private:
  bool can_be_templated() const;
  TemplateKey begin_key(int64_t forward);
  void append_state(TemplateKey& key) const;
  template <class Record>
  MadeTemplate find(const TemplateKey& key, int64_t* number, const Record& record);
  template <class Record>
  void check_again(const UnitTemplate& made, const Record& record);
  void try_backward(const UnitTemplate& forward);
  MadeTemplate find_forward(const std::vector<External>& inputs, int64_t* number);

  BackwardExternals describe_backward(const ForwardInstance& forward);
  UnitTemplate draft_backward(const ForwardInstance& forward, const BackwardExternals& described);
  CallExternals take_forward_externals(const std::vector<External>& inputs);
  CallExternals take_backward_externals(const UnitTemplate& made, ForwardInstance& forward,
                                        const BackwardExternals& described);
  void take_arguments(const std::vector<External>& arguments, CallExternals& externals);
  void append_state(CallExternals& externals);

  RankState& rank_;
  const c10::DeviceIndex device_;
  UnitTemplates& templates_;
  UnitCall& call_;
  const CallKind kind_;
  const std::vector<nn::Parameter*> parameters_;
  const std::vector<at::Tensor> state_;
};

/// What a unit's SavedForward holds of a forward that was not executed.
struct TemplatedForward {
  TemplatedForward(RankState& rank, MadeTemplate made, int64_t number_in)
      : instance(rank, std::move(made)), number(number_in) {}
  ForwardInstance instance;
  int64_t number;  // of the template
};

bool TemplatedCall::can_be_templated() const {
  if (recompute::is_intercepted() || !rank_.has_matmul_workspace()) return false;
  const auto has_storage = [](const at::Tensor& t) {
    return t.defined() && is_simulated(t) && (allocation_of(t) || t.numel() == 0);
  };
  const auto is_fine = [](const at::Tensor& t) { return t.defined() && is_plain(t); };
  // An operator on both would count their bytes once, and the key tells aliases within a list only.
  const auto is_state = [&](const at::Tensor& t) {
    return std::any_of(state_.begin(), state_.end(), [&](const at::Tensor& one) { return one.is_alias_of(t); });
  };
  return std::all_of(state_.begin(), state_.end(), has_storage) &&
         std::all_of(call_.arguments.begin(), call_.arguments.end(), is_fine) &&
         std::none_of(call_.arguments.begin(), call_.arguments.end(), is_state);
}

// `forward`: number of the template whose backward the call is.
TemplateKey TemplatedCall::begin_key(int64_t forward) {
  const int64_t policy = call_.checkpoint ? templates_.number_of("checkpoint " + call_.checkpoint->key()) : -1;
  TemplateKey key{templates_.number_of(call_.unit->type()), std::bit_cast<int64_t>(call_.unit->variant()),
                  call_.keep_for_backward | rank_.stream() << 8 | rank_.category() << 16, policy, forward};
  key.reserve(kUsualKeySize);
  append_state(key);
  return key;
}

// What of a whole parameter the value is: a part may be computed with otherwise (nn::Embedding).
void TemplatedCall::append_state(TemplateKey& key) const {
  key.push_back(static_cast<int64_t>(parameters_.size()));
  for (const auto* parameter : parameters_) {
    const auto& spec = parameter->spec;
    key.insert(key.end(), spec.global_shape.begin(), spec.global_shape.end());
    key.insert(key.end(), spec.box.offset.begin(), spec.box.offset.end());
  }
  append_held(state_, key);
}

template <class Record>
void TemplatedCall::check_again(const UnitTemplate& made, const Record& record) {
  const int64_t every = rank_.options().check_templates_every;
  if (every == 0 || templates_.num_hits % every != 0) return;
  ++templates_.num_drafts;
  TORCH_CHECK(made == record(), "simulated device: unit ", call_.unit->full_name(), " of type '", call_.unit->type(),
              "' does something else than an earlier one of the same type in the same place; type() must tell "
              "configurations apart, and forward may depend on inputs, parameters and buffers() alone");
}

/// The template of a key; null if there is none. `record` makes it where the key is new.
template <class Record>
MadeTemplate TemplatedCall::find(const TemplateKey& key, int64_t* number, const Record& record) {
  const auto* entry = templates_.find(key);
  if (entry) {
    if (entry->made) {
      ++templates_.num_hits;
      check_again(*entry->made, record);
    }
  } else {
    ++templates_.num_drafts;
    entry = &templates_.add(key, std::make_shared<const UnitTemplate>(record()));
  }
  *number = entry->number;
  return entry->made;
}

// A forward is only recorded from a template if its backward can be.
void TemplatedCall::try_backward(const UnitTemplate& forward) {
  BackwardExternals externals{.owns_input = std::vector<bool>(forward.inputs.size(), true),
                              .owns_shared = std::vector<bool>(forward.shared.size(), true)};
  for (uint32_t i = 0; i < forward.results.size(); ++i) {
    const LeftTensor& result = forward.results[i];
    External gradient{
        .is_owned = true, .dtype = result.dtype, .sizes = result.sizes, .same_storage = i, .same_tensor = i};
    gradient.is_defined = result.is_defined && at::isFloatingType(result.dtype);
    int64_t numel = 1;
    gradient.strides.resize(result.sizes.size());
    for (size_t dim = result.sizes.size(); dim-- > 0;) {
      gradient.strides[dim] = numel;
      numel *= std::max<int64_t>(result.sizes[dim], 1);
    }
    gradient.storage_bytes = static_cast<uint64_t>(numel) * c10::elementSize(result.dtype);
    externals.gradients.push_back(std::move(gradient));
  }
  for (uint32_t i = 0; i < parameters_.size(); ++i) {
    externals.cells.push_back({.same_storage = i, .same_tensor = i});
  }
  record_backward(rank_, device_, kind_, forward, externals);
}

MadeTemplate TemplatedCall::find_forward(const std::vector<External>& inputs, int64_t* number) {
  TemplateKey key = begin_key(kIsForward);
  for (const auto& input : inputs) append(input, key);
  try {
    return find(key, number, [&] {
      UnitTemplate made = record_forward(rank_, device_, kind_, inputs);
      if (call_.keep_for_backward && !templates_.find(key)) try_backward(made);
      return made;
    });
  } catch (const NoTemplate&) {
    templates_.add(key, nullptr);
    return nullptr;
  }
}

void TemplatedCall::take_arguments(const std::vector<External>& arguments, CallExternals& externals) {
  for (uint32_t i = 0; i < arguments.size(); ++i) {
    const at::Tensor& tensor = call_.arguments[i];
    externals.storages.push_back(storage_number(tensor));
    const bool stands_for_all = tensor.defined() && arguments[i].same_storage == i;
    externals.handles.push_back(stands_for_all ? tensor.storage() : c10::Storage());
  }
  call_.arguments.clear();
}

void TemplatedCall::append_state(CallExternals& externals) {
  externals.first_state = static_cast<uint32_t>(externals.storages.size());
  for (const auto& tensor : state_) externals.storages.push_back(storage_number(tensor));
  externals.handles.resize(externals.storages.size());
  externals.state = state_;
}

bool TemplatedCall::run_forward(Tuple& results) {
  if (!can_be_templated()) return false;
  const auto inputs = describe_externals(call_.arguments);
  int64_t number = 0;
  const MadeTemplate made = find_forward(inputs, &number);
  if (!made) return false;
  CallExternals externals;
  take_arguments(inputs, externals);
  append_state(externals);
  Instance instance(rank_, device_, *made, externals, nullptr);
  for (const auto& left : made->results) results.push_back(instance.make(left));
  if (call_.keep_for_backward) {
    auto saved = std::make_shared<TemplatedForward>(rank_, made, number);
    instance.leave_to(saved->instance);
    call_.saved->of_platform = std::move(saved);
  }
  return true;
}

BackwardExternals TemplatedCall::describe_backward(const ForwardInstance& forward) {
  BackwardExternals externals{.gradients = describe_externals(call_.arguments)};
  for (const auto& input : forward.inputs) externals.owns_input.push_back(input && input.use_count() == 1);
  for (const auto& result : forward.shared_storages) externals.owns_shared.push_back(result.use_count() == 1);
  Tuple cells;
  for (auto* parameter : parameters_) cells.push_back(std::move(parameter->grad));
  externals.cells = describe_externals(cells);
  for (size_t i = 0; i < cells.size(); ++i) parameters_[i]->grad = std::move(cells[i]);
  return externals;
}

CallExternals TemplatedCall::take_backward_externals(const UnitTemplate& made, ForwardInstance& forward,
                                                     const BackwardExternals& described) {
  CallExternals externals;
  for (auto& input : forward.inputs) {
    externals.storages.push_back(storage_number(input));
    externals.handles.push_back(std::move(input));
  }
  forward.inputs.clear();
  take_arguments(described.gradients, externals);
  append_state(externals);
  for (const auto* parameter : parameters_) externals.storages.push_back(storage_number(parameter->grad));
  externals.handles.resize(externals.storages.size());
  const size_t first_cell = externals.storages.size() - parameters_.size();
  for (const auto& [i, left] : made.cells) {
    if (!parameters_[i]->grad.defined()) continue;
    externals.handles[first_cell + described.cells[i].same_storage] = parameters_[i]->grad.storage();
    parameters_[i]->grad.reset();
  }
  return externals;
}

// The forward was recorded from a template, so that there is no executing this instead.
UnitTemplate TemplatedCall::draft_backward(const ForwardInstance& forward, const BackwardExternals& described) {
  try {
    return record_backward(rank_, device_, kind_, *forward.made(), described);
  } catch (const NoTemplate& error) {
    TORCH_CHECK(false, "simulated device: backward of unit ", call_.unit->full_name(), " (", call_.unit->type(),
                ") cannot be recorded from a template: ", error.what(), "; sim::DeviceOptions::templates = false");
  }
}

Tuple TemplatedCall::run_backward() {
  const auto saved = std::static_pointer_cast<TemplatedForward>(std::exchange(call_.saved->of_platform, nullptr));
  ForwardInstance& forward = saved->instance;
  for (const auto& gradient : call_.arguments) {
    TORCH_CHECK(!gradient.defined() || is_plain(gradient), "simulated device: backward of unit ",
                call_.unit->full_name(), " got a gradient that is not on the device or has a history");
  }
  const BackwardExternals described = describe_backward(forward);
  TemplateKey key = begin_key(saved->number);
  for (const bool owns : described.owns_input) key.push_back(owns);
  for (const bool owns : described.owns_shared) key.push_back(owns);
  for (const auto* list : {&described.gradients, &described.cells}) {
    for (const auto& external : *list) append(external, key);
  }
  int64_t number = 0;
  const MadeTemplate made = find(key, &number, [&] { return draft_backward(forward, described); });
  Tuple results;
  size_t num_nodes = 0;
  {
    CallExternals externals = take_backward_externals(*made, forward, described);
    Instance instance(rank_, device_, *made, externals, &forward);
    for (const auto& left : made->results) results.push_back(instance.make(left));
    for (const auto& [i, left] : made->cells) parameters_[i]->grad = instance.make(left);
    num_nodes = rank_.recorder().trace().nodes.size();
  }
  forward.shared_storages.clear();
  TORCH_CHECK(rank_.recorder().trace().nodes.size() == num_nodes, "simulated device: a template of unit ",
              call_.unit->full_name(), " leaves storage alive that the unit frees; please report it");
  return results;
}

}  // namespace

Tuple run_unit(RankState& rank, c10::DeviceIndex device, UnitTemplates& templates, UnitCall&& call) {
  const CurrentDevice current(device);
  if (call.phase == Phase::backward && call.saved->of_platform) {
    return TemplatedCall(rank, device, templates, call).run_backward();
  }
  Tuple results;
  if (call.phase == Phase::forward && rank.options().templates &&
      TemplatedCall(rank, device, templates, call).run_forward(results)) {
    return results;
  }
  ++templates.num_executed;
  return unit::execute(std::move(call));
}

}  // namespace titan::sim
